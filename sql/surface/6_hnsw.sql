-- ---------------------------------------------------------------------------
-- access method hnsw
-- ---------------------------------------------------------------------------

CREATE FUNCTION hnswhandler(internal) RETURNS index_am_handler
	AS 'MODULE_PATHNAME', 'vx_hnswhandler' LANGUAGE C;
COMMENT ON FUNCTION hnswhandler(internal) IS 'hnsw index access method handler';

CREATE ACCESS METHOD hnsw TYPE INDEX HANDLER hnswhandler;
COMMENT ON ACCESS METHOD hnsw IS 'hnsw index access method';

CREATE OPERATOR CLASS vector_l2_ops
	FOR TYPE vector USING hnsw AS
	OPERATOR 1 <-> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_l2_squared_distance(vector, vector);
COMMENT ON OPERATOR CLASS vector_l2_ops USING hnsw IS 'nearest neighbours by <->, Euclidean distance';
COMMENT ON OPERATOR FAMILY vector_l2_ops USING hnsw IS 'nearest neighbours by <->, Euclidean distance';

CREATE OPERATOR CLASS vector_ip_ops
	FOR TYPE vector USING hnsw AS
	OPERATOR 1 <#> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_negative_inner_product(vector, vector);
COMMENT ON OPERATOR CLASS vector_ip_ops USING hnsw IS 'nearest neighbours by <#>, negative inner product';
COMMENT ON OPERATOR FAMILY vector_ip_ops USING hnsw IS 'nearest neighbours by <#>, negative inner product';

CREATE OPERATOR CLASS vector_cosine_ops
	FOR TYPE vector USING hnsw AS
	OPERATOR 1 <=> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 vector_negative_inner_product(vector, vector),
	FUNCTION 2 vector_norm(vector);
COMMENT ON OPERATOR CLASS vector_cosine_ops USING hnsw IS 'nearest neighbours by <=>, cosine distance';
COMMENT ON OPERATOR FAMILY vector_cosine_ops USING hnsw IS 'nearest neighbours by <=>, cosine distance';

CREATE OPERATOR CLASS vector_l1_ops
	FOR TYPE vector USING hnsw AS
	OPERATOR 1 <+> (vector, vector) FOR ORDER BY float_ops,
	FUNCTION 1 l1_distance(vector, vector);
COMMENT ON OPERATOR CLASS vector_l1_ops USING hnsw IS 'nearest neighbours by <+>, taxicab distance';
COMMENT ON OPERATOR FAMILY vector_l1_ops USING hnsw IS 'nearest neighbours by <+>, taxicab distance';

