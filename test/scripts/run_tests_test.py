"""What scripts/run_tests.py reads from the closing lines of test programs."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
from run_tests import counted


class CountedTest(unittest.TestCase):
    def test_catch(self):
        self.assertEqual(counted('All tests passed (5423 assertions in 187 test cases)\n', 0), (187, 0, 0))
        self.assertEqual(counted('All tests passed (1 assertion in 1 test case)\n', 0), (1, 0, 0))
        self.assertEqual(counted('test cases:  187 |  186 passed | 1 failed\nassertions: 9 | 8 passed | 1 failed\n', 1),
                         (186, 1, 0))
        self.assertEqual(counted('test cases: 1 | 1 failed\n', 1), (0, 1, 0))

    def test_unittest(self):
        self.assertEqual(counted('Ran 10 tests in 0.6s\n\nOK\n', 0), (10, 0, 0))
        self.assertEqual(counted('Ran 10 tests in 0.6s\n\nOK (skipped=2)\n', 0), (8, 0, 2))
        self.assertEqual(counted('Ran 10 tests in 0.6s\n\nFAILED (failures=1, errors=2, skipped=3)\n', 1), (4, 3, 3))

    def test_plain_line(self):
        self.assertEqual(counted('bert ok\n7 passed, 0 failed, 2 skipped\n', 0), (7, 0, 2))
        self.assertEqual(counted('7 passed, 1 failed\n', 1), (7, 1, 0))

    def test_a_crash_counts_as_a_failure(self):
        self.assertEqual(counted('', -11), (0, 1, 0))
        self.assertEqual(counted('All tests passed (2 assertions in 2 test cases)\n', 1), (2, 1, 0))


if __name__ == '__main__':
    unittest.main()
