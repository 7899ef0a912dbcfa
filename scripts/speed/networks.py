"""What is put on a backbone in the benchmark."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """A network by the names that either side knows it by."""
    ours: str                            # a method of our configuration
    theirs: str = ''                     # a configuration of AdapterHub's library; empty: no adapter
    script: str = 'adapterhub_steps.py'  # in scripts/peers: the library that it is compared with; empty: none
    task: str = 'classification'         # reads the first token alone in the last layer; tagging all of them
    fused: int = 0                       # adapters in a fusion
    tasks: int = 1                       # that answer for each input
    together: bool = False               # in one pass
    folded: bool = False                 # ours without adapters: they are written into the weights

    @property
    def heavy(self):
        """Whether a batch takes several times as long as with one adapter."""
        return self.fused >= 8 or self.tasks > 1


# AdapterHub's names, whose defaults both sides share: double_seq_bn is Houlsby's form (reduction factor 16, LayerNorms
# frozen), seq_bn Pfeiffer's. LoRA is r = 8 on queries and values on both sides.
NETWORKS = {
    'plain': Network('head_only'),
    'full': Network('full', script='transformers_steps.py'),
    'lora': Network('lora', script='peft_steps.py'),
    'pfeiffer': Network('seq_bn', 'seq_bn'),
    'pfeiffer for tagging': Network('seq_bn', script='', task='tagging'),
    'houlsby': Network('double_seq_bn', 'double_seq_bn'),
    **{f'fusion of {count}': Network('seq_bn', 'seq_bn', fused=count) for count in (2, 4, 8, 16)},
    'eight tasks in one pass': Network('seq_bn', 'seq_bn', tasks=8, together=True),
    'eight tasks one by one': Network('seq_bn', 'seq_bn', tasks=8),
    # Written in PyTorch by hand on the other side, as no library has it.
    'knowledge adapter': Network('k_adapter', script='kadapter_steps.py'),
    # Of images, written in PyTorch by hand on the other side: no library has them.
    'plain resnet': Network('head_only', script='resnet_steps.py', task='image_classification'),
    'residual adapters': Network('residual_parallel', 'parallel', script='resnet_steps.py', task='image_classification'),
    'residual adapters, folded': Network('residual_parallel', script='', task='image_classification', folded=True),
}
