-- ---------------------------------------------------------------------------
-- distances between vector and halfvec
-- ---------------------------------------------------------------------------

-- Functions have names of their own: with l2_distance(vector, halfvec) the call l2_distance(column, '[1,2,3]') would be
-- ambiguous.

CREATE FUNCTION vector_halfvec_l2_distance(vector, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_vector_halfvec_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION vector_halfvec_l2_distance(vector, halfvec) IS 'Euclidean distance in single precision';

CREATE OPERATOR <-> (
	LEFTARG = vector, RIGHTARG = halfvec,
	FUNCTION = vector_halfvec_l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (vector, halfvec) IS 'Euclidean distance in single precision';

CREATE FUNCTION vector_halfvec_negative_inner_product(vector, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_vector_halfvec_negative_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION vector_halfvec_negative_inner_product(vector, halfvec) IS 'negative inner product in single precision';

CREATE OPERATOR <#> (
	LEFTARG = vector, RIGHTARG = halfvec,
	FUNCTION = vector_halfvec_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (vector, halfvec) IS 'negative inner product in single precision';

CREATE FUNCTION vector_halfvec_cosine_distance(vector, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_vector_halfvec_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION vector_halfvec_cosine_distance(vector, halfvec) IS 'cosine distance in single precision';

CREATE OPERATOR <=> (
	LEFTARG = vector, RIGHTARG = halfvec,
	FUNCTION = vector_halfvec_cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (vector, halfvec) IS 'cosine distance in single precision';

CREATE FUNCTION vector_halfvec_l1_distance(vector, halfvec) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_vector_halfvec_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION vector_halfvec_l1_distance(vector, halfvec) IS 'taxicab distance in single precision';

CREATE OPERATOR <+> (
	LEFTARG = vector, RIGHTARG = halfvec,
	FUNCTION = vector_halfvec_l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (vector, halfvec) IS 'taxicab distance in single precision';

CREATE FUNCTION halfvec_vector_l2_distance(halfvec, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_halfvec_vector_l2_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION halfvec_vector_l2_distance(halfvec, vector) IS 'Euclidean distance in single precision';

CREATE OPERATOR <-> (
	LEFTARG = halfvec, RIGHTARG = vector,
	FUNCTION = halfvec_vector_l2_distance,
	COMMUTATOR = <->
);
COMMENT ON OPERATOR <-> (halfvec, vector) IS 'Euclidean distance in single precision';

CREATE FUNCTION halfvec_vector_negative_inner_product(halfvec, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_halfvec_vector_negative_inner_product' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION halfvec_vector_negative_inner_product(halfvec, vector) IS 'negative inner product in single precision';

CREATE OPERATOR <#> (
	LEFTARG = halfvec, RIGHTARG = vector,
	FUNCTION = halfvec_vector_negative_inner_product,
	COMMUTATOR = <#>
);
COMMENT ON OPERATOR <#> (halfvec, vector) IS 'negative inner product in single precision';

CREATE FUNCTION halfvec_vector_cosine_distance(halfvec, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_halfvec_vector_cosine_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION halfvec_vector_cosine_distance(halfvec, vector) IS 'cosine distance in single precision';

CREATE OPERATOR <=> (
	LEFTARG = halfvec, RIGHTARG = vector,
	FUNCTION = halfvec_vector_cosine_distance,
	COMMUTATOR = <=>
);
COMMENT ON OPERATOR <=> (halfvec, vector) IS 'cosine distance in single precision';

CREATE FUNCTION halfvec_vector_l1_distance(halfvec, vector) RETURNS float8
	AS 'MODULE_PATHNAME', 'vx_halfvec_vector_l1_distance' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT vectorx_distance_support;
COMMENT ON FUNCTION halfvec_vector_l1_distance(halfvec, vector) IS 'taxicab distance in single precision';

CREATE OPERATOR <+> (
	LEFTARG = halfvec, RIGHTARG = vector,
	FUNCTION = halfvec_vector_l1_distance,
	COMMUTATOR = <+>
);
COMMENT ON OPERATOR <+> (halfvec, vector) IS 'taxicab distance in single precision';

-- indexes serve them as they do those of one type

ALTER OPERATOR FAMILY vector_l2_ops USING hnsw ADD OPERATOR 1 <-> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_ip_ops USING hnsw ADD OPERATOR 1 <#> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_cosine_ops USING hnsw ADD OPERATOR 1 <=> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_l1_ops USING hnsw ADD OPERATOR 1 <+> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_l2_ops USING hnsw ADD OPERATOR 1 <-> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_ip_ops USING hnsw ADD OPERATOR 1 <#> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_cosine_ops USING hnsw ADD OPERATOR 1 <=> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_l1_ops USING hnsw ADD OPERATOR 1 <+> (halfvec, vector) FOR ORDER BY float_ops;

ALTER OPERATOR FAMILY vector_l2_ops USING ivfflat ADD OPERATOR 1 <-> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_ip_ops USING ivfflat ADD OPERATOR 1 <#> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY vector_cosine_ops USING ivfflat ADD OPERATOR 1 <=> (vector, halfvec) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_l2_ops USING ivfflat ADD OPERATOR 1 <-> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_ip_ops USING ivfflat ADD OPERATOR 1 <#> (halfvec, vector) FOR ORDER BY float_ops;
ALTER OPERATOR FAMILY halfvec_cosine_ops USING ivfflat ADD OPERATOR 1 <=> (halfvec, vector) FOR ORDER BY float_ops;
