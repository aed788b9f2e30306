-- ---------------------------------------------------------------------------
-- access method diskann
-- ---------------------------------------------------------------------------

CREATE FUNCTION diskannhandler(internal) RETURNS index_am_handler
	AS 'MODULE_PATHNAME', 'vx_diskannhandler' LANGUAGE C;
COMMENT ON FUNCTION diskannhandler(internal) IS 'diskann index access method handler';

CREATE ACCESS METHOD diskann TYPE INDEX HANDLER diskannhandler;
COMMENT ON ACCESS METHOD diskann IS 'diskann index access method';

CREATE OPERATOR CLASS vector_l2_ops
	FOR TYPE vector USING diskann AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_l2_squared_distance(vector, vector);
COMMENT ON OPERATOR CLASS vector_l2_ops USING diskann IS 'nearest neighbours by <->, Euclidean distance';
COMMENT ON OPERATOR FAMILY vector_l2_ops USING diskann IS 'nearest neighbours by <->, Euclidean distance';

CREATE OPERATOR CLASS vector_ip_ops
	FOR TYPE vector USING diskann AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_negative_inner_product(vector, vector);
COMMENT ON OPERATOR CLASS vector_ip_ops USING diskann IS 'nearest neighbours by <#>, negative inner product';
COMMENT ON OPERATOR FAMILY vector_ip_ops USING diskann IS 'nearest neighbours by <#>, negative inner product';

CREATE OPERATOR CLASS vector_cosine_ops
	DEFAULT FOR TYPE vector USING diskann AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_negative_inner_product(vector, vector),
	FUNCTION 2 vector_norm(vector);
COMMENT ON OPERATOR CLASS vector_cosine_ops USING diskann IS 'nearest neighbours by <=>, cosine distance';
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING diskann IS 'nearest neighbours by <=>, cosine distance';

CREATE OPERATOR CLASS halfvec_l2_ops
	FOR TYPE halfvec USING diskann AS
	OPERATOR 1 <-> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 halfvec_l2_squared_distance(halfvec, halfvec);
COMMENT ON OPERATOR CLASS halfvec_l2_ops USING diskann IS 'nearest neighbours by <->, Euclidean distance';
COMMENT ON OPERATOR FAMILY halfvec_l2_ops USING diskann IS 'nearest neighbours by <->, Euclidean distance';

CREATE OPERATOR CLASS halfvec_ip_ops
	FOR TYPE halfvec USING diskann AS
	OPERATOR 1 <#> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 halfvec_negative_inner_product(halfvec, halfvec);
COMMENT ON OPERATOR CLASS halfvec_ip_ops USING diskann IS 'nearest neighbours by <#>, negative inner product';
COMMENT ON OPERATOR FAMILY halfvec_ip_ops USING diskann IS 'nearest neighbours by <#>, negative inner product';

CREATE OPERATOR CLASS halfvec_cosine_ops
	DEFAULT FOR TYPE halfvec USING diskann AS
	OPERATOR 1 <=> (halfvec, halfvec) FOR ORDER BY float_ops,
	FUNCTION 1 halfvec_negative_inner_product(halfvec, halfvec),
	FUNCTION 2 l2_norm(halfvec);
COMMENT ON OPERATOR CLASS halfvec_cosine_ops USING diskann IS 'nearest neighbours by <=>, cosine distance';
COMMENT ON OPERATOR FAMILY halfvec_cosine_ops USING diskann IS 'nearest neighbours by <=>, cosine distance';

CREATE FUNCTION upgrade_diskann_index(index regclass) RETURNS void
	AS 'MODULE_PATHNAME', 'vx_upgrade_diskann_index' LANGUAGE C STRICT;
COMMENT ON FUNCTION upgrade_diskann_index(regclass) IS 'bring a diskann index to the format of this version';

-- and queries of the other type, see 8_mixed.sql
ALTER OPERATOR FAMILY vector_l2_ops USING diskann ADD OPERATOR 1 <-> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_ip_ops USING diskann ADD OPERATOR 1 <#> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_cosine_ops USING diskann ADD OPERATOR 1 <=> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_l2_ops USING diskann ADD OPERATOR 1 <-> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_ip_ops USING diskann ADD OPERATOR 1 <#> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_cosine_ops USING diskann ADD OPERATOR 1 <=> (halfvec, vector) FOR ORDER BY float_ops;
