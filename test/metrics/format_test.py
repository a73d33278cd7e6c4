#!/usr/bin/env python3
"""The checker of the text format finds what is wrong, and nothing in what is right."""
import unittest

import prometheus_format as prometheus

GOOD = """# HELP a_total Things.
# TYPE a_total counter
a_total{x="1",y="a\\"b\\\\c\\nd"} 3
a_total 4
# HELP took_seconds Time.
# TYPE took_seconds histogram
took_seconds_bucket{le="0.5"} 1
took_seconds_bucket{le="+Inf"} 2
took_seconds_sum 1.5
took_seconds_count 2
# HELP old_count Named long ago.
# TYPE old_count untyped
old_count 1
"""


class FormatTest(unittest.TestCase):
    def test_good(self):
        self.assertEqual(prometheus.check(GOOD), [])
        families = prometheus.parse(GOOD)
        self.assertEqual(families["a_total"].value(x="1", y='a"b\\c\nd'), 3)

    def test_bad(self):
        for old, new in (("# TYPE a_total counter", "# TYPE a_total meter"), ("# HELP a_total Things.\n", ""),
                         ("a_total 4", "a_total 4\na_total 5"), ("a_total 4", "a_total -4"), ("a_total 4", "a_total  4"),
                         ("a_total 4", "a_total four"), ("a_total 4", "b_total 4"), ('x="1"', 'x=1'), ('x="1",', 'y="2",'),
                         ('x="1",', 'x="1" '), ('\\n', '\\x'), ('le="0.5"} 1', 'le="0.5"} 3'), ('le="+Inf"', 'le="9"'),
                         ("took_seconds_count 2", "took_seconds_count 3"), ("took_seconds_sum 1.5\n", ""), ("untyped", "gauge"),
                         ("a_total", "a"), ("took_seconds", "took_milliseconds"), ("took_seconds", "took_ms"), ("took_seconds", "took_minutes"),
                         ("old_count", "old_gauge"), ("old_count", "old:count"), ("old_count 1\n", ""), ("old_count 1\n", "old_count 1"),
                         ("Things.", "")):
            self.assertIn(old, GOOD)
            self.assertNotEqual(prometheus.check(GOOD.replace(old, new)), [], (old, new))


if __name__ == "__main__":
    unittest.main(verbosity=2)
