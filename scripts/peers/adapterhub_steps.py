#!/usr/bin/env python3
"""Trains or infers with AdapterHub's library, for a Python that has `adapters`; the job: steps.py.

usage: adapterhub_steps.py JOB
"""
import functools

from adapters import AdapterConfig, AutoAdapterModel
from adapters.composition import Fuse, Parallel
from steps import Peer, run


def compositions(job, names):
    """What is active in each pass over a batch."""
    if not job['method']:
        return [None]
    if job['fused']:
        return [Fuse(*names)]
    return [Parallel(*names)] if job['together'] else names


def make_peer(job):
    model = AutoAdapterModel.from_pretrained(job['model'])
    names = [f'task{i}' for i in range(max(job['tasks'], job['fused']))]
    if job['method']:
        config = AdapterConfig.load(job['method'], leave_out=list(range(job['dropped'])))
        for name in names:
            model.add_adapter(name, config=config)
    for name in names[:job['tasks']]:
        model.add_classification_head(name, num_labels=2, layers=1)
    if job['fused']:
        model.add_adapter_fusion(Fuse(*names), 'dynamic')
    setups = compositions(job, names)
    passes = tuple(functools.partial(model.set_active_adapters, setup) for setup in setups)
    if not job['train']:
        return Peer(model, passes)
    if job['fused']:
        model.train_adapter_fusion(setups[0])
        return Peer(model, passes, model.base_model.get_fusion_regularization_loss)
    model.train_adapter(setups[0])
    return Peer(model, passes)


if __name__ == '__main__':
    run(make_peer)
