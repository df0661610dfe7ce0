"""How fast files go in, beside the limit measured in the same run: `python -m benchmarks.imports`.

Three situations: new products, the same file again, and a file in which a tenth of the products has changed. Each
figure is the median of the repetitions, in which the contenders take turns; ratios are to the limit's median.
`--json` keeps every measurement; `--render` makes of such files the table and the plot of docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contenders import Contender, Limit, Product, Run, peers
from benchmarks.databases import Database, Postgres, databases
from benchmarks.measurements import Measurement, medians, save, this_machine
from benchmarks.report import render, table


@dataclass(frozen=True)
class Files:
    """The generated files of one size."""

    rows: int
    new: Path
    changed: Path


def generate(folder: Path, rows: int, database: Database) -> Files:
    """Make the files: clean ones, since the limit can take no others."""
    new, changed = folder / f"{rows}.csv", folder / f"{rows}-changed.csv"
    database.manage("generate_products", f"--rows={rows}", "--seed=1", f"--output={new}")
    database.manage(
        "generate_products", f"--rows={rows}", "--seed=2", "--changed=0.1", "--of-seed=1", f"--output={changed}"
    )
    return Files(rows, new, changed)


def measure(database: Database, contender: Contender, files: Files) -> list[Measurement]:
    """The contender's situations, one after the other, beginning with an empty table."""
    database.empty()
    measurements = []
    with contender.ready(database):
        for situation in contender.situations:
            database.settle()
            wal, cpu = database.wal_bytes(), database.server_cpu()
            run: Run = contender.run(database, files.changed if situation == "10 % changed" else files.new)
            cpu, wal = database.server_cpu() - cpu, database.wal_bytes() - wal
            assert database.products() == files.rows, f"{contender.name} brought {database.products()} products in"
            table_bytes, index_bytes = database.sizes()
            measurements.append(
                Measurement(
                    database=f"{database.name} {database.version}",
                    contender=contender.name,
                    situation=situation,
                    rows=files.rows,
                    seconds=run.seconds,
                    client_cpu=run.client_cpu,
                    server_cpu=cpu,
                    peak_mb=run.peak_mb,
                    wal_mb=wal / 1024**2,
                    table_mb=table_bytes / 1024**2,
                    index_mb=index_bytes / 1024**2,
                )
            )
    return measurements


def contenders(database: Database, options: argparse.Namespace, rows: int) -> list[Contender]:
    """Who takes part on `database` with a file of `rows`. SQLite has one writer at a time, so more lanes only wait."""
    chosen: list[Contender] = [Limit()]
    if isinstance(database, Postgres):
        chosen += [Product(w, options.workers, lanes) for w in ("bulk_create", "copy") for lanes in options.lanes]
    else:
        chosen.append(Product("bulk_create", options.workers, lanes=1))
    return [*chosen, *peers(database)] if rows <= options.peer_rows else chosen


def run(options: argparse.Namespace) -> list[Measurement]:
    """Measure all that is asked for, telling and keeping each as it comes."""
    measurements: list[Measurement] = []
    with tempfile.TemporaryDirectory(prefix="acme-benchmark-") as name:
        folder = Path(name)
        with databases(folder, options.databases, options.postgres) as chosen:
            for rows in options.rows:
                files = generate(folder, rows, chosen[0])
                for _ in range(options.repeat):
                    for database in chosen:
                        for contender in contenders(database, options, rows):
                            found = measure(database, contender, files)
                            print("\n".join(table(found).splitlines()[2:]), flush=True)
                            measurements += found
                            if options.json:
                                save(options.json, measurements)
    return measurements


def main() -> None:
    """Measure what the command line asks for, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 500_000], help="sizes of the files")
    parser.add_argument("--peer-rows", type=int, default=10_000, help="largest size for other importers (10000)")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured (default: 3)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of the product (default: 2)")
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 2, 4], help="lanes of the product on PostgreSQL")
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=["postgresql", "sqlite"])
    parser.add_argument("--postgres", default=os.environ.get("TEST_DATABASE_URL", ""), help="URL of a server to use")
    parser.add_argument("--json", type=Path, help="also write every single measurement to this file")
    parser.add_argument("--render", type=Path, nargs="+", metavar="FILE", help="only make the documentation of FILEs")
    options = parser.parse_args()
    if options.render:
        print(render(options.render))
        return
    measurements = run(options)
    print(f"\n{this_machine()}\n\n{table(medians(measurements))}")


if __name__ == "__main__":
    main()
