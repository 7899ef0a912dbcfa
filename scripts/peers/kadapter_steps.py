#!/usr/bin/env python3
"""Trains a knowledge adapter (K-Adapter) beside a frozen encoder, for a Python that has transformers; the job: steps.py.
No library has one: it is written here as one would, the encoder in evaluation mode under no_grad, the adapter's
Transformer layers those of transformers.

usage: kadapter_steps.py JOB
"""
from types import SimpleNamespace

import torch
from steps import Peer, run
from transformers import AutoModel, BertConfig
from transformers.models.bert.modeling_bert import BertEncoder


class AdapterLayer(torch.nn.Module):
    def __init__(self, hidden, width):
        super().__init__()
        config = BertConfig(hidden_size=width, num_attention_heads=max(1, width // 64), intermediate_size=4 * width,
                            num_hidden_layers=2, attn_implementation='sdpa')
        self.down, self.encoder = torch.nn.Linear(hidden, width), BertEncoder(config)
        self.up = torch.nn.Linear(width, hidden)

    def forward(self, states, mask):
        return states + self.up(self.encoder(self.down(states), attention_mask=mask).last_hidden_state)


class KnowledgeModel(torch.nn.Module):
    def __init__(self, folder):
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder).requires_grad_(False)
        config = self.encoder.config
        count, hidden = config.num_hidden_layers, config.hidden_size
        self.positions = [0, (count - 1) // 2, count - 1]
        self.adapter = torch.nn.ModuleList(AdapterLayer(hidden, hidden * 3 // 4) for _ in self.positions)
        self.joint, self.head = torch.nn.Linear(2 * hidden, hidden), torch.nn.Linear(hidden, 2)
        self.dropout = torch.nn.Dropout(config.hidden_dropout_prob)

    def train(self, mode=True):
        super().train(mode)
        self.encoder.eval()
        return self

    def forward(self, input_ids, attention_mask, labels=None, **more):
        with torch.no_grad():
            states = self.encoder(input_ids, attention_mask, output_hidden_states=True, **more).hidden_states
        mask = None if attention_mask.all() else self.encoder.get_extended_attention_mask(attention_mask, input_ids.shape)
        knowledge = 0
        for position, layer in zip(self.positions, self.adapter, strict=True):
            knowledge = layer(states[position] + knowledge, mask)
        features = self.joint(torch.cat([states[-1], knowledge], -1))[:, 0]
        logits = self.head(self.dropout(features))
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return SimpleNamespace(loss=loss, logits=logits)


def make_peer(job):
    return Peer(KnowledgeModel(job['model']))


if __name__ == '__main__':
    run(make_peer)
