# Of the statements of the surface, those that make pgvector's functions call vectorx: CREATE FUNCTION for every C
# function, as a replacement, the views, and the comments and privileges on what pgvector has not.
/^CREATE (FUNCTION|VIEW) / { statement = ""; taking = 1 }
taking {
	sub(/^CREATE/, "CREATE OR REPLACE")
	statement = statement $0 "\n"
	if ($0 ~ /;$/) { printf "%s", statement; taking = 0 }
	next
}
/^COMMENT ON (FUNCTION|VIEW) |^GRANT |^REVOKE / { print; print "" }
