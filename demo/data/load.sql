--
-- load.sql
--	  Make the tables of the demo and fill them.
--
-- For psql, started in this folder, in a database that has the extension.
-- It makes no index.
--

DROP TABLE IF EXISTS wordnet, wordnet_query;

CREATE TABLE wordnet (
	id        integer PRIMARY KEY,
	word      text NOT NULL,
	gloss     text NOT NULL,
	embedding vector(384) NOT NULL
);

CREATE TABLE wordnet_query (
	id        integer PRIMARY KEY,
	query     text NOT NULL,
	embedding vector(384) NOT NULL
);

\copy wordnet (id, word, gloss, embedding) FROM PROGRAM './emit-copy base'
\copy wordnet_query (id, query, embedding) FROM PROGRAM './emit-copy queries'
