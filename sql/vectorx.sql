-- vectorx: the one source of the SQL surface.
-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION vectorx" to load this file. \quit
