"""Report features one a line, as the runner collects them."""
import sys
import traceback

ROWS = 200
failed = False


def vector(i, dimensions=3):
	return [((i * 7919 + j * 104729) % 1009) / 1009 for j in range(dimensions)]


def bits(i):
	return format(i * 37 % 256, "08b")


def check(client, feature, action):
	global failed
	try:
		action()
		print(f"ok {client} {feature}", flush=True)
	except Exception:
		failed = True
		reason = traceback.format_exc().strip().splitlines()
		print(f"not ok {client} {feature} {reason[-1]}", flush=True)
		print("\n".join("# " + line for line in reason), flush=True)


def finish():
	sys.exit(1 if failed else 0)


def l2(a, b):
	return sum((x - y) ** 2 for x, y in zip(a, b)) ** 0.5


def nearest(q):
	"""The row nearest to q by L2, of vector(1) .. vector(ROWS)."""
	return min(range(1, ROWS + 1), key=lambda i: (l2(vector(i), q), i))
