// pgvector-go with pgx: types, binary values, COPY, indexes and searches.
package main

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
	pgxvector "github.com/pgvector/pgvector-go/pgx"
)

const rows = 200

var (
	ctx  = context.Background()
	conn *pgx.Conn
)

func vector(i int) []float32 {
	v := make([]float32, 3)
	for j := range v {
		v[j] = float32((i*7919+j*104729)%1009) / 1009
	}
	return v
}

func bits(i int) string { return fmt.Sprintf("%08b", i*37%256) }

func exec(statement string, arguments ...any) error {
	_, err := conn.Exec(ctx, statement, arguments...)
	return err
}

func near(a, b []float32, tolerance float64) error {
	for j := range b {
		if len(a) != len(b) || math.Abs(float64(a[j]-b[j])) > tolerance {
			return fmt.Errorf("%v is not %v", a, b)
		}
	}
	return nil
}

// The id that a query gives is the one wanted.
func gives(want int, query string, arguments ...any) error {
	var id int
	if err := conn.QueryRow(ctx, query, arguments...).Scan(&id); err != nil {
		return err
	}
	if id != want {
		return fmt.Errorf("%d is not %d", id, want)
	}
	return nil
}

func types() error {
	if err := exec("CREATE EXTENSION IF NOT EXISTS vector"); err != nil {
		return err
	}
	if err := pgxvector.RegisterTypes(ctx, conn); err != nil {
		return err
	}
	return exec("CREATE TABLE item (id int, e vector(3), h halfvec(3), b bit(8), s sparsevec(3))")
}

func binary() error {
	for i := 1; i <= rows/2; i++ {
		if err := exec("INSERT INTO item VALUES ($1, $2, $3, $4::text::bit(8), $5)", i, pgvector.NewVector(vector(i)),
			pgvector.NewHalfVector(vector(i)), bits(i), pgvector.NewSparseVector(vector(i))); err != nil {
			return err
		}
	}
	var e pgvector.Vector
	var h pgvector.HalfVector
	var s pgvector.SparseVector
	if err := conn.QueryRow(ctx, "SELECT e, h, s FROM item WHERE id = 7").Scan(&e, &h, &s); err != nil {
		return err
	}
	if err := near(e.Slice(), vector(7), 1e-6); err != nil {
		return err
	}
	if err := near(h.Slice(), vector(7), 1e-3); err != nil {
		return err
	}
	return near(s.Slice(), vector(7), 1e-6)
}

func copyRows() error {
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"item"}, []string{"id", "e", "h", "s"}, pgx.CopyFromSlice(rows/2, func(k int) ([]any, error) {
		i := rows/2 + k + 1
		return []any{i, pgvector.NewVector(vector(i)), pgvector.NewHalfVector(vector(i)), pgvector.NewSparseVector(vector(i))}, nil
	}))
	if err != nil {
		return err
	}
	return gives(rows, "SELECT count(*) FROM item")
}

func index() error {
	for _, column := range []string{"e vector_l2_ops", "h halfvec_l2_ops", "b bit_hamming_ops", "s sparsevec_l2_ops"} {
		if err := exec("CREATE INDEX ON item USING hnsw (" + column + ")"); err != nil {
			return err
		}
	}
	return exec("SET enable_seqscan = off")
}

func search() error {
	for _, operator := range []string{"<->", "<=>", "<+>"} {
		if err := gives(5, "SELECT id FROM item ORDER BY e "+operator+" $1 LIMIT 1", pgvector.NewVector(vector(5))); err != nil {
			return err
		}
	}
	return exec("SELECT id FROM item ORDER BY e <#> $1 LIMIT 1", pgvector.NewVector(vector(5)))
}

func half() error {
	return gives(5, "SELECT id FROM item ORDER BY h <-> $1 LIMIT 1", pgvector.NewHalfVector(vector(5)))
}

func bit() error {
	return gives(0, "SELECT (b <~> $1::text::bit(8))::int FROM item ORDER BY b <~> $1::text::bit(8) LIMIT 1", bits(5))
}

func sparse() error {
	return gives(5, "SELECT id FROM item ORDER BY s <-> $1 LIMIT 1", pgvector.NewSparseVector(vector(5)))
}

func main() {
	var err error
	conn, err = pgx.Connect(ctx, fmt.Sprintf("host=%s user=%s dbname=%s", os.Getenv("PGHOST"), os.Getenv("PGUSER"), os.Getenv("CLIENT_DATABASE")))
	if err != nil {
		fmt.Println("not ok go-pgx types", err)
		os.Exit(1)
	}
	status := 0
	for _, feature := range []struct {
		name string
		run  func() error
	}{{"types", types}, {"binary", binary}, {"copy", copyRows}, {"index", index}, {"search", search}, {"half", half}, {"bit", bit}, {"sparse", sparse}} {
		if err := feature.run(); err != nil {
			status = 1
			fmt.Println("not ok go-pgx", feature.name, err)
		} else {
			fmt.Println("ok go-pgx", feature.name)
		}
	}
	os.Exit(status)
}
