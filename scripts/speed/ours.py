"""Our side of the benchmark."""
import hashlib
import pathlib
import shutil

from measure.child import watch
from measure.program import Program, with_threads, write_config
from speed.rows import LENGTH, PIXELS


def task_names(count):
    return [f'task{i}' for i in range(count)]


class Ours:
    name = 'ours'

    def __init__(self, binary, folder, bench):
        self.environment = with_threads(bench.threads)
        program = Program(binary, self.environment)
        self.binary, self.folder, self.bench = program.binary, folder, bench
        # Binaries of one version differ while it is made.
        digest = hashlib.sha256(pathlib.Path(self.binary).read_bytes()).hexdigest()
        self.about = f'{program.run("--version").strip()}, sha256 {digest[:12]}'
        self.made = set()
        self.prefix = []  # of the commands that are measured

    def profile(self, row, profiler):
        """Where the time of a row goes, from a run that is not measured."""
        self.trained(row)  # not to be profiled itself
        self.prefix = profiler.prefix
        try:
            self.measure(row)
        finally:
            self.prefix = []
        return profiler.shares()

    def measure(self, row):
        return {'infer': self.infer, 'decode': self.decode}.get(row.kind, self.train)(row)

    def train(self, row):
        work, fused = self.bench.work(row), row.network.fused
        config = self.config(row, self.bench.file(row), row.batch, work.batches)
        if self.name in row.bf16:
            config['train']['bf16'] = True
        if row.cached:
            config['cache'] = {'enabled': True}
        if fused:
            members = [{name: str(self.trained(row) / name / 'adapter')} for name in task_names(fused)]
            config['fusion'] = {'adapters': members, 'targets': task_names(1)}
        return row.sample(self.run('fuse' if fused else 'train', config, self.folder / 'run', self.prefix), work.skipped)

    def decode(self, row):
        """A check of the configuration, which reads all images: of more of them, less one of fewer."""
        work = self.bench.work(row)
        few, many = (self.run('check', self.config(row, self.bench.file(row, batches), row.batch, 1), self.folder / 'run')
                     for batches in (work.skipped, work.batches))
        return {'step_s': (many.seconds - few.seconds) / (work.batches - work.skipped), 'peak_mib': many.peak_mib}

    def infer(self, row):
        """A command that predicts more batches, less one that predicts fewer: reading, tokenizing and writing the texts
        are in it. Tasks that are not answered together have their own commands."""
        work, network = self.bench.work(row), row.network
        seconds, peaks = 0, []
        for task in ['all'] if network.together else task_names(network.tasks):
            few, many = (self.predict(row, task, batches) for batches in (work.skipped, work.batches))
            seconds += many.seconds - few.seconds
            peaks.append(many.peak_mib)
        return {'step_s': seconds / (work.batches - work.skipped), 'peak_mib': max(peaks)}

    def predict(self, row, task, batches):
        bf16 = ['--bf16'] if self.name in row.bf16 else []
        what = [self.folded(row)] if row.network.folded else [self.trained(row), '--task', task]
        return watch([*self.prefix, self.binary, 'predict', *what, self.bench.file(row, batches), *bf16, '--batch-size', row.batch,
                      '-o', self.folder / 'predictions.jsonl'], self.environment)

    def folded(self, row):
        """The folder of a row's network as a model without adapters."""
        trained = self.trained(row)
        folder = trained.with_name(trained.name + '-folded')
        if folder not in self.made:
            shutil.rmtree(folder, ignore_errors=True)
            watch([self.binary, 'merge', trained, '-o', folder], self.environment)
            self.made.add(folder)
        return folder

    def config(self, row, file, batch, steps):
        """Of one task, trained as by default, without evaluation and checkpoints."""
        adapter = {'config': row.network.ours}
        if row.dropped:
            adapter['drop'] = {'mode': 'fixed', 'layers': row.dropped}
        train = {'max_steps': steps, 'per_device_train_batch_size': batch, 'eval_strategy': 'no', 'save_strategy': 'no',
                 'save_steps': None, 'load_best_model_at_end': False, 'logging_steps': 1}
        if row.cached:
            train['backbone_dropout'] = False
        data = {'train': str(file), 'max_seq_length': LENGTH}
        if row.shape == 'resnet26':
            data = {'train': str(file), 'image_size': PIXELS, 'augment': ['horizontal_flip']}
            train |= {'optim': 'sgd', 'learning_rate': 0.1, 'max_grad_norm': None}
        return {'model': str(self.bench.backbones[row.shape]), 'adapter': adapter, 'train': train, 'data': data,
                'tasks': tasks(row.network, 1)}

    def trained(self, row):
        """The run folder of a row's network after a step on two texts: what it learned does not matter."""
        network = row.network
        folder = self.folder / 'trained' / f'{row.shape}-{row.what.replace(", ", "_").replace(" ", "_")}-{row.dropped}'
        if folder not in self.made:
            config = self.config(row, self.bench.two(row), 1, 1)
            config['tasks'] = tasks(network, max(network.tasks, network.fused))
            self.run('train', config, folder)
            if network.fused:
                config['fusion'] = {'targets': task_names(1)}
                self.run('fuse', config, folder, fresh=False)
            self.made.add(folder)
        return folder

    def run(self, command, config, folder, prefix=(), fresh=True):
        file = write_config(folder.with_name(folder.name + '.yaml'), config)
        if fresh:
            shutil.rmtree(folder, ignore_errors=True)
        return watch([*prefix, self.binary, command, file, '--output-dir', folder], self.environment)


def tasks(network, count):
    return {name: {'type': network.task} for name in task_names(count)}
