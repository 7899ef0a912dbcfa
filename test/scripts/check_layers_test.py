"""Every rule of scripts/check_layers.py is broken once on a small tree and must be reported."""
import pathlib
import sys
import tempfile
import unittest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / 'scripts'))
import check_layers


def found(files, text_list='', tensor_list=''):
    """The violations of a tree: path below lib/ (or app/...) -> text. Sources not named are listed by themselves."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            path = root / name if name.startswith('app/') else root / 'lib' / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (root / 'lib').mkdir(exist_ok=True)
        named = [name for name in files if name.endswith('.cpp') and name not in text_list + tensor_list
                 and not name.startswith('app/')]
        (root / 'lib/text_sources.cmake').write_text('set(TEXT_SOURCES\n' + text_list + '\n)\n')
        (root / 'lib/tensor_sources.cmake').write_text(
            'set(TENSOR_SOURCES\n' + '\n'.join([tensor_list, *named]) + '\n)\n')
        return list(check_layers.violations(root))


class LayersTest(unittest.TestCase):
    def check_one(self, files, *parts, **lists):
        violations = found(files, **lists)
        self.assertEqual(len(violations), 1, violations)
        for part in parts:
            self.assertIn(part, violations[0])

    def test_this_repository_keeps_the_rules(self):
        self.assertEqual(list(check_layers.violations(REPOSITORY)), [])

    def test_layers_have_no_cycle(self):
        for layer, below in check_layers.LAYERS.items():
            for other in below:
                self.assertNotIn(layer, check_layers.reachable(other))

    def test_includes_downwards_are_fine(self):
        self.assertEqual(found({'train/loop.cpp': '#include "core/error.h"\n#include "nn/site.h"\n',
                                'app/main.cpp': '#include <CLI/CLI.hpp>\n#include "options.h"\n'}), [])

    def test_includes_upwards_and_sideways(self):
        self.check_one({'core/a.h': '#pragma once\n#include "io/zip_reader.h"\n'}, 'core/a.h:2', 'no other folder')
        self.check_one({'backbone/a.cpp': '#include "adapter/lora.h"\n'}, 'backbone/ must not include adapter/lora.h')
        self.check_one({'adapter/a.cpp': '#include "backbone/backbone.h"\n'}, 'it may include core, nn')
        self.check_one({'metric/a.cpp': '#include "data/dataset.h"\n'}, 'metric/ must not')
        self.check_one({'report/a.cpp': '#include "metric/metric.h"\n'}, 'report/ must not')
        self.check_one({'train/a.cpp': '#include "recipe/train.h"\n'}, 'train/ must not')

    def test_folders_that_see_some_headers_only(self):
        self.assertEqual(found({'head/a.cpp': '#include "backbone/backbone.h"\n'}), [])
        self.check_one({'head/a.cpp': '#include "backbone/bert.h"\n'}, 'only backbone/backbone.h')
        self.check_one({'data/a.cpp': '#include "nn/site.h"\n'}, 'only nn/batch.h')

    def test_unknown_folder_and_include_without_folder(self):
        self.check_one({'helper/a.h': ''}, 'helper/ is in no layer')
        self.check_one({'core/a.cpp': '#include "error.h"\n'}, '"core/error.h"')

    def test_third_party_headers(self):
        self.check_one({'train/a.cpp': '#include <yaml-cpp/yaml.h>\n'}, '<yaml-cpp/yaml.h> is for core/config_')
        self.assertEqual(found({'core/config_a.cpp': '#include <yaml-cpp/yaml.h>\n'}), [])
        self.check_one({'recipe/a.cpp': '#include <CLI/CLI.hpp>\n'}, 'app/')
        self.check_one({'core/a.h': '#include <ATen/ATen.h>\n'}, 'core/ does without LibTorch')

    def test_text_library_reaches_no_torch(self):
        files = {'data/a.cpp': '#include "data/b.h"\n', 'data/b.h': '#include "nn/batch.h"\n',
                 'nn/batch.h': '#include <torch/types.h>\n'}
        self.assertEqual(found(files), [])
        self.check_one(files, 'data/a.cpp -> data/b.h -> nn/batch.h -> torch/types.h', text_list='data/a.cpp')

    def test_sources_are_listed_once(self):
        self.check_one({'core/a.cpp': ''}, 'is listed twice', text_list='core/a.cpp', tensor_list='core/a.cpp')
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / 'lib/core/a.cpp'
            source.parent.mkdir(parents=True)
            source.write_text('')
            self.assertIn('lib/core/a.cpp: is in no list', list(check_layers.violations(folder))[0])

    def test_types_have_one_definition(self):
        self.check_one({'data/a.h': 'struct Cell {\n};\n', 'report/b.h': 'class Cell final : Base {\n};\n'},
                       'report/b.h: a type Cell is defined in data/a.h too')
        self.assertEqual(found({'data/a.h': 'struct Cell {\n};\n', 'report/b.h': 'struct Cell;\n'}), [])

    def test_lengths(self):
        long_body = 'int f() {\n' + '  g();  // }\n' * 60 + '}\n'
        self.check_one({'core/a.cpp': long_body}, 'core/a.cpp:1: a function of 62 lines')
        self.check_one({'core/a.cpp': '\n' * 401}, '401 lines')
        table = 'namespace a {\nconst int t[] = {\n' + '  1,\n' * 80 + '};\nclass B {\n' + '  int b;\n' * 80 + '};\n}\n'
        self.assertEqual(found({'core/a.cpp': table}), [])


if __name__ == '__main__':
    unittest.main()
