"""Our side of the benchmark."""
import shutil

from measure.child import watch_or_exit
from measure.program import Program, with_threads, write_config
from speed.rows import BATCH, FUSED, LENGTH, MEMBERS, METHODS

TARGET = 'task0'
MEMBER_NAMES = [f'task{i}' for i in range(MEMBERS)]


class Ours:
    name = 'ours'

    def __init__(self, binary, model, texts, scale, folder, threads):
        self.environment = with_threads(threads)
        self.program = Program(binary, self.environment)
        self.model, self.texts, self.scale, self.folder = model, texts, scale, folder
        self.versions = self.program.run('--version').strip()
        self.prepared = False

    def config(self, tasks, data, method, batch, steps):
        """Trains as by default, without evaluation and checkpoints."""
        train = {'max_steps': steps, 'per_device_train_batch_size': batch, 'eval_strategy': 'no', 'save_strategy': 'no',
                 'save_steps': None, 'load_best_model_at_end': False, 'logging_steps': 1}
        return {'model': str(self.model), 'adapter': method, 'train': train,
                'data': {'train': str(self.texts[data].file), 'max_seq_length': LENGTH},
                'tasks': {name: {'type': 'classification'} for name in tasks}}

    def fusion_config(self, count, data, batch, steps):
        members = [{name: str(self.member(name))} for name in MEMBER_NAMES[:count]]
        config = self.config([TARGET], data, METHODS['pfeiffer'], batch, steps)
        return {**config, 'fusion': {'adapters': members, 'targets': [TARGET]}}

    def member(self, name):
        return self.folder / 'members' / name / 'adapter'

    def trained(self, row):
        return self.member(TARGET) if not row.fused else self.folder / f'fused{row.fused}/fusion/{TARGET}/fusion'

    def prepare(self):
        """Adapters to fuse, and fusions to predict with, after one step each: what they learned does not matter."""
        if self.prepared:
            return
        self.command_of('train', self.config(MEMBER_NAMES, 'dense', METHODS['pfeiffer'], BATCH, 1), 'members', run=True)
        for count in FUSED.values():
            self.command_of('fuse', self.fusion_config(count, 'dense', BATCH, 1), f'fused{count}', run=True)
        self.prepared = True

    def command_of(self, command, config, name, run=False):
        """The words of a command into a fresh folder, or, with `run`, its results in one that may be there already."""
        file, output = write_config(self.folder / f'{name}.yaml', config), self.folder / name
        words = [command, file, '--output-dir', output]
        if run:
            return self.program.run(*words)
        shutil.rmtree(output, ignore_errors=True)
        return [self.program.binary, *words]

    def measure(self, row):
        self.prepare()
        return self.infer(row) if row.kind == 'infer' else self.train(row)

    def train(self, row):
        start = row.kind == 'start'
        work = self.scale.train(row.data)
        batch, steps = (1, 1) if start else (BATCH, work.batches)
        if row.fused:
            command = self.command_of('fuse', self.fusion_config(row.fused, row.data, batch, steps), 'run')
        else:
            command = self.command_of('train', self.config([TARGET], row.data, row.method, batch, steps), 'run')
        child = watch_or_exit(command, self.environment)
        if start:
            return {'start_s': child.steps[1], 'peak_mib': child.peak_mib}
        return {'step_s': child.mean_step_seconds(work.skipped), 'peak_mib': child.peak_mib}

    def infer(self, row):
        """A command that predicts more, less one that predicts fewer: reading the model and the texts' own reading,
        tokenizing and writing are in it."""
        work, texts = self.scale.infer(row.data), self.texts[row.data]
        few, many = (watch_or_exit([self.program.binary, 'predict', self.trained(row), file, '--batch-size', BATCH,
                                    '-o', self.folder / 'predictions.jsonl'], self.environment)
                     for file in (texts.head, texts.file))
        return {'step_s': (many.seconds - few.seconds) / (work.batches - work.skipped), 'peak_mib': many.peak_mib}
