import pg from 'pg';
import { SparseVector } from 'pgvector';
import pgvector from 'pgvector/pg';

const ROWS = 200;
const vector = (i, n = 3) => Array.from({ length: n }, (_, j) => ((i * 7919 + j * 104729) % 1009) / 1009);
const bits = (i) => (i * 37 % 256).toString(2).padStart(8, '0');
const l2 = (a, b) => Math.hypot(...a.map((x, j) => x - b[j]));
const same = (a, b, tolerance) => {
	if (a.length !== b.length || a.some((x, j) => Math.abs(x - b[j]) > tolerance)) throw new Error(`${a} is not ${b}`);
};
const equal = (a, b) => { if (a !== b) throw new Error(`${a} is not ${b}`); };
const client = new pg.Client({ host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.CLIENT_DATABASE });
let failed = false;

const features = {
	async types() {
		await client.query('CREATE EXTENSION IF NOT EXISTS vector');
		await pgvector.registerTypes(client);
		await client.query('CREATE TABLE item (id int, e vector(3), h halfvec(3), b bit(8), s sparsevec(3))');
	},
	async text() {
		for (let i = 1; i <= ROWS; i++)
			await client.query('INSERT INTO item VALUES ($1, $2, $3, $4, $5)',
				[i, pgvector.toSql(vector(i)), pgvector.toSql(vector(i)), bits(i), new SparseVector(vector(i))]);
		const { rows } = await client.query('SELECT * FROM item WHERE id = 7');
		same(rows[0].e, vector(7), 1e-6);
		same(rows[0].h, vector(7), 1e-3);
		same(rows[0].s.toArray(), vector(7), 1e-6);
	},
	async index() {
		for (const column of ['e vector_l2_ops', 'h halfvec_l2_ops', 'b bit_hamming_ops', 's sparsevec_l2_ops'])
			await client.query(`CREATE INDEX ON item USING hnsw (${column})`);
	},
	async search() {
		const q = [0.3, 0.6, 0.9];
		let nearest = 1;
		for (let i = 2; i <= ROWS; i++) if (l2(vector(i), q) < l2(vector(nearest), q)) nearest = i;
		await client.query('SET enable_seqscan = off');
		equal((await client.query('SELECT id FROM item ORDER BY e <-> $1 LIMIT 1', [pgvector.toSql(q)])).rows[0].id, nearest);
		for (const operator of ['<#>', '<=>', '<+>'])
			equal((await client.query(`SELECT id FROM item ORDER BY e ${operator} $1 LIMIT 5`, [pgvector.toSql(q)])).rows.length, 5);
	},
	async half() {
		equal((await client.query('SELECT id FROM item ORDER BY h <-> $1 LIMIT 1', [pgvector.toSql(vector(5))])).rows[0].id, 5);
	},
	async bit() {
		equal((await client.query('SELECT b <~> $1 AS d FROM item ORDER BY b <~> $1 LIMIT 1', [bits(5)])).rows[0].d, 0);
	},
	async sparse() {
		equal((await client.query('SELECT id FROM item ORDER BY s <-> $1 LIMIT 1', [new SparseVector(vector(5))])).rows[0].id, 5);
	},
};

await client.connect();
for (const [name, run] of Object.entries(features)) {
	try {
		await run();
		console.log(`ok node-pg ${name}`);
	} catch (error) {
		failed = true;
		console.log(`not ok node-pg ${name} ${error.message}`);
	}
}
await client.end();
process.exit(failed ? 1 : 0);
