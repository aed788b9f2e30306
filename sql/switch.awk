# Of the statements of the surface, those that make pgvector's functions call vectorx: CREATE FUNCTION for every C
# function, as a replacement, and the comments on functions that pgvector has not.
/^CREATE FUNCTION / { statement = ""; taking = 1 }
taking {
	sub(/^CREATE FUNCTION/, "CREATE OR REPLACE FUNCTION")
	statement = statement $0 "\n"
	if ($0 ~ /;$/) { printf "%s", statement; taking = 0 }
	next
}
/^COMMENT ON FUNCTION / { print; print "" }
