"""Metrics, bootstrap and tensor files of the measuring scripts."""
import json
import pathlib
import struct
import sys
import tarfile
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'scripts'))
from measure import child, datasets, markdown, predictions, scores, tensors
from speed import profile


def safetensors(path, values):
    header = {name: {'dtype': 'F32', 'shape': [1], 'data_offsets': [4 * i, 4 * i + 4]} for i, name in enumerate(values)}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + struct.pack(f'<{len(values)}f', *values.values()))
    return path


class ScoresTest(unittest.TestCase):
    def test_accuracy(self):
        self.assertEqual(scores.accuracy(['a', 'b', 'b', 'a'], ['a', 'b', 'a', 'a']), 0.75)

    def test_matthews(self):
        self.assertAlmostEqual(scores.matthews_correlation([1, 1, 0, 0], [1, 1, 0, 0]), 1)
        self.assertAlmostEqual(scores.matthews_correlation([1, 1, 0, 0], [0, 0, 1, 1]), -1)
        # tp 3, tn 1, fp 1, fn 1: (3 - 1) / sqrt(4 * 4 * 2 * 2)
        self.assertAlmostEqual(scores.matthews_correlation([1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 1, 0]), 0.25)
        self.assertEqual(scores.matthews_correlation([1, 0, 1], [1, 1, 1]), 0)

    def test_spearman_shares_ranks(self):
        self.assertEqual(scores.ranks([10, 30, 10, 20]), [1.5, 4, 1.5, 3])
        self.assertAlmostEqual(scores.spearmanr([1, 2, 3, 4], [1, 4, 9, 16]), 1)
        self.assertEqual(scores.spearmanr([1, 2, 3], [5, 5, 5]), 0)


    def test_an_interval_holds_the_accuracy(self):
        low, high = scores.accuracy_interval([1] * 100, [1] * 80 + [0] * 20, draws=200)
        self.assertTrue(70 < low < 80 < high < 90)
        self.assertEqual(scores.accuracy_interval([1, 0], [1, 0], draws=50), (100, 100))


class PredictionsTest(unittest.TestCase):
    def test_few_and_many_labels_and_numbers_come_back(self):
        for values in (['b', 'a', 'b'], [f'label {i % 242}' for i in range(1000)], [0.5, -1e-9]):
            self.assertEqual(predictions.unpacked(predictions.packed(values)), values)

    def test_labels_of_packed_class_folders_are_in_their_order(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / 'test.tar.gz'
            with tarfile.open(path, 'w:gz') as images:
                for name in ('red/2.png', 'blue/1.png', 'red/1.png'):
                    images.addfile(tarfile.TarInfo(name))
            self.assertEqual([row['label'] for row in datasets.read_rows(path)], ['red', 'blue', 'red'])


class CompareTest(unittest.TestCase):
    def pairing(self, second):
        gold = [i % 2 for i in range(100)]
        return scores.Pairing('accuracy', gold, [gold], [second(gold)])

    def test_the_same_predictions_do_not_differ(self):
        result = scores.compare([self.pairing(list)], draws=50)
        self.assertEqual((result.difference, result.standard_error, result.low, result.high), (0, 0, 0, 0))

    def test_a_worse_system_is_below(self):
        worse = self.pairing(lambda gold: [1 - label if i < 20 else label for i, label in enumerate(gold)])
        result = scores.compare([worse], draws=400)
        self.assertAlmostEqual(result.difference, -20)
        self.assertAlmostEqual(result.standard_error, 4, delta=0.6)  # sqrt(0.2 * 0.8 / 100)
        self.assertTrue(result.low < -20 < result.high < 0)

    def test_seeds_and_tasks_are_averaged(self):
        gold = [0, 1]
        half = scores.Pairing('accuracy', gold, [gold, gold], [gold, [1, 0]])
        same = scores.Pairing('accuracy', gold, [gold], [gold])
        self.assertEqual(half.difference(), -50)
        self.assertEqual(scores.compare([half, same], draws=10).difference, -25)


class TensorsTest(unittest.TestCase):
    def test_differences(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            a = safetensors(folder / 'a', {'same': 1, 'changed': 2})
            b = safetensors(folder / 'b', {'same': 1, 'changed': 3, 'added': 4})
            self.assertEqual(tensors.difference(a, a), [])
            self.assertEqual(tensors.difference(a, b), ['added', 'changed'])
            self.assertEqual(tensors.parameter_count(b), 3)


class ChildTest(unittest.TestCase):
    def test_steps_and_memory(self):
        program = 'import sys\nfor i in (1, 2, 3): print(f"train step={i}/3", file=sys.stderr)'
        seen = child.watch([sys.executable, '-c', program])
        self.assertEqual(sorted(seen.steps), [1, 2, 3])
        self.assertGreaterEqual(seen.mean_step_seconds(1), 0)
        self.assertGreater(seen.peak_mib, 1)

    def test_a_failure_tells_status_and_reason(self):
        program = 'import sys\nsys.exit("error: the disk is full\\nmore")'
        with self.assertRaisesRegex(child.ChildFailed, '^status 1: error: the disk is full$'):
            child.watch([sys.executable, '-c', program])


class MarkdownTest(unittest.TestCase):
    def test_numbers_stand_to_the_right(self):
        self.assertEqual(markdown.table(['row', 'ms'], [['pfeiffer', 4.5]]),
                         '| row      |  ms |\n| -------- | --: |\n| pfeiffer | 4.5 |\n')

    def test_a_profile_sums_by_kind(self):
        report = """# Overhead  Shared Object        Symbol
    50.25%  [JIT] tid 4242       [.] 0x00007f00
     9.00%  libtorch_cpu.so      [.] mkl_blas_def_sgemm_kernel_0_zen
     8.00%  libtorch_cpu.so      [.] at::native::gelu(a, b)
     7.00%  libgomp.so.1         [.] 0x000000000001e02a
     3.00%  [kernel.kallsyms]    [k] clear_page_erms
     2.00%  adaptune             [.] adaptune::(anonymous namespace)::fill_factors
     1.00%  libc.so.6            [.] malloc
"""
        sums = profile.sums_of(report)
        self.assertEqual(sums, {'oneDNN': 50.25, 'MKL': 9, 'LibTorch': 8, 'adaptune': 2, 'waiting': 7, 'system': 3,
                                'other': 1})


if __name__ == '__main__':
    unittest.main()
