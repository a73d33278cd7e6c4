#!/usr/bin/env python3
"""Tests of what ./x bench makes of its figures: medians, ratios within a round, bars, plots."""
import os
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import bench
import profiling
import report
import svg
from row import Row, judged, summary


def result_of(figures):
    return {"class": "sync", "what": "-", "rounds": 3, "figures": summary(figures)}


class Summaries(unittest.TestCase):
    FIGURES = {"kafka": [{"f": 10.0}, {"f": 20.0}, {"f": 40.0}], "moldau": [{"f": 20.0}, {"f": 100.0}, {"f": 120.0}],
               "roofline": [{"f": 40.0}, {"f": 125.0}, {"f": 120.0}]}

    def test_ratios_are_taken_within_a_round(self):
        entry = summary(self.FIGURES)["f"]
        self.assertEqual((entry["kafka"], entry["moldau"], entry["roofline"]), (20.0, 100.0, 120.0))
        self.assertEqual((entry["ratio"], entry["ratio_range"]), (3.0, [2.0, 5.0]))
        self.assertEqual((entry["roofline_ratio"], entry["roofline_ratio_range"]), (0.8, [0.5, 1.0]))

    def test_without_the_others_there_is_no_ratio(self):
        entry = summary({"moldau": [{"f": 1.0}]})["f"]
        self.assertIsNone(entry["ratio"])
        self.assertFalse(judged(Row("sync", "-", None, bars={"f": ("ratio <=", 9)}), {"figures": {"f": entry}})[0][2])

    def test_every_kind_of_bar(self):
        result = result_of(self.FIGURES)
        for bar, met in ((("ratio >=", 3), True), (("ratio >=", 3.1), False), (("ratio <=", 3), True), (("value <=", 99), False),
                         (("value >=", 100), True), (("roofline >=", 0.8), True), (("roofline >=", 0.81), False),
                         (("either", [("ratio >=", 4), ("roofline >=", 0.7)]), True),
                         (("either", [("ratio >=", 4), ("roofline >=", 0.9)]), False)):
            self.assertEqual(judged(Row("sync", "-", None, bars={"f": bar}), result)[0][2], met, bar)

    def test_a_row_that_failed_misses_all_its_bars(self):
        row = Row("sync", "-", None, bars={"f": [("ratio >=", 0), ("value >=", 0)]})
        self.assertEqual([met for _, _, met in judged(row, {"failed": "-"})], [False, False])


class Reports(unittest.TestCase):
    def rows(self):
        figures = {"kafka": [{"p50_us": 400.0, "p99_us": 1800.0, "p999_us": 9000.0, "cpu_per_million": 40.0}],
                   "moldau": [{"p50_us": 100.0, "p99_us": 300.0, "p999_us": 900.0, "cpu_per_million": 30.0}]}
        return {"e2e-10k": result_of(figures)}

    def test_ratios_are_turned_so_that_more_is_better(self):
        entries = {label: (middle, bound, met) for label, middle, _, bound, met in
                   report.ratio_entries(self.rows(), bench.ROWS)}
        self.assertEqual(entries["e2e-10k: p50_us"], (4.0, 3.0, True))
        self.assertEqual(entries["e2e-10k: cpu_per_million"][2], False)

    def test_plots_are_well_formed(self):
        for file, _, drawing in report.plots(self.rows(), bench.ROWS):
            root = xml.etree.ElementTree.fromstring(drawing)
            self.assertTrue(root.tag.endswith("svg"), file)
            for element in root.iter():
                for name in ("x", "y", "width", "height", "x1", "y1", "cx", "cy"):
                    self.assertGreaterEqual(float(element.get(name, 0)), 0, (file, element.attrib))

    def test_the_table_has_every_bar(self):
        text = report.table(self.rows(), bench.ROWS)
        self.assertEqual(text.count("| e2e-10k |"), 3)
        self.assertEqual(text.count("**missed**"), 1)

    def test_what_misses_is_shown_with_its_profile(self):
        rows = self.rows()
        rows["e2e-10k"]["profile"] = [["kernel: sendmsg", 40.0]]
        self.assertIn("| e2e-10k | cpu_per_million | kernel: sendmsg 40 % |", report.profiles(rows, bench.ROWS))

    def test_a_scale_holds_its_values(self):
        scale = svg.LogScale([0.2, 30, 0], 100, 200)
        self.assertEqual((scale.low, scale.high), (-1, 2))
        self.assertEqual(scale.at(0.1), 100)
        self.assertEqual(scale.at(100), 200)
        self.assertEqual(scale.at(0), 100)


class Profiles(unittest.TestCase):
    LINES = """moldau   10/10
\tffff80 copy_to_iter
\tffff81 __x64_sys_recvfrom
\tffff82 do_syscall_64
\t55aa01 moldau::net::Connection::receive()

shard-1   10/12
\t55aa02 moldau::crc32c(unsigned char const*)
\t55aa01 moldau::wire::verify()

moldau   10/10
\tffff80 copy_folio_from_iter_atomic
\tffff83 do_pwritev
\tffff82 do_syscall_64
\tffff84 entry_SYSCALL_64_after_hwframe
\t7f1200 pwritev64
\t55aa01 moldau::store::write()

moldau   10/10
\tffff82 do_syscall_64
\tffff84 entry_SYSCALL_64_after_hwframe
\t7f1200 __libc_recv

moldau-raw   20/20
\t55aa03 main
""".splitlines()

    def test_samples_count_for_their_call_into_the_kernel_or_their_function(self):
        processes, parts = profiling.parts(self.LINES, "moldau")
        self.assertEqual(processes, {10})
        self.assertEqual(sorted(parts), [["kernel: entry and exit of calls", 25.0], ["kernel: pwritev", 25.0], ["kernel: recvfrom", 25.0],
                                         ["moldau::crc32c", 25.0]])


if __name__ == "__main__":
    unittest.main()
