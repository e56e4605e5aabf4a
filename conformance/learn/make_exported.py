"""Makes exported.json: networks that PyTorch exports with both of its exporters, their answers, and what three steps of SGD make of them.

The networks are frozen (evaluation mode) when they are exported and trained. Environment: peers/modeling (torch 2.15, onnxscript).
"""
import base64
import io
import json
import pathlib
import warnings

import onnx
import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings("ignore")
torch.manual_seed(0)


class Block(nn.Module):
    def __init__(self, channels, stride):
        super().__init__()
        self.one = nn.Conv2d(channels, 8, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.two = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(8)
        self.short = nn.Sequential(nn.Conv2d(channels, 8, 1, stride=stride, bias=False), nn.BatchNorm2d(8))

    def forward(self, x):
        y = F.relu(self.norm1(self.one(x)))
        return F.relu(self.norm2(self.two(y)) + self.short(x))


class ResNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
        self.blocks = nn.Sequential(Block(4, 1), Block(8, 2))
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(F.adaptive_avg_pool2d(self.blocks(self.stem(x)), 1).flatten(1))


class Text(nn.Module):
    """A classifier of token ids by two encoder blocks, 0 being padding."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(20, 16, padding_idx=0)
        self.place = nn.Parameter(0.1 * torch.randn(12, 16))
        self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(16, 2, 24, dropout=0.0, activation="gelu", batch_first=True, norm_first=True) for _ in range(2))
        self.norm = nn.LayerNorm(16)
        self.head = nn.Linear(16, 3)

    def forward(self, ids):
        x = self.embed(ids) + self.place[: ids.shape[1]]
        for block in self.blocks:
            q = block.norm1(x)
            mask = (ids != 0)[:, None, None, :]
            parts = F.linear(q, block.self_attn.in_proj_weight, block.self_attn.in_proj_bias).chunk(3, dim=-1)
            heads = [p.reshape(p.shape[0], p.shape[1], 2, 8).transpose(1, 2) for p in parts]
            y = F.scaled_dot_product_attention(*heads, attn_mask=mask)
            x = x + block.self_attn.out_proj(y.transpose(1, 2).reshape(x.shape))
            x = x + block.linear2(F.gelu(block.linear1(block.norm2(x))))
        seen = (ids != 0).float()[..., None]
        return self.head((self.norm(x) * seen).sum(1) / seen.sum(1).clamp(min=1))


def export(model, x, dynamo):
    buffer = io.BytesIO()
    if dynamo:
        batch = torch.export.Dim("batch")
        torch.onnx.export(model, (x,), dynamo=True, input_names=["x"], output_names=["y"], dynamic_shapes=({0: batch},), verbose=False).save(buffer)
    else:
        torch.onnx.export(model, (x,), buffer, dynamo=False, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}}, do_constant_folding=False, training=torch.onnx.TrainingMode.EVAL, opset_version=17)
    # where each node came from in the Python source takes half of the file
    model_proto = onnx.load_from_string(buffer.getvalue())
    for node in [*model_proto.graph.node, *(node for f in model_proto.functions for node in f.node)]:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in model_proto.graph.value_info:
        del value.metadata_props[:]
    return model_proto.SerializeToString()


flat = lambda t: [round(float(v), 6) for v in t.detach().reshape(-1)]
ids = torch.randint(1, 20, (6, 12))
ids[1, 9:], ids[4, 5:] = 0, 0
works = {"resnet": (ResNet, torch.randn(6, 3, 8, 8)), "text": (Text, ids)}
labels = torch.tensor([0, 1, 2, 1, 0, 2])
result = {}
for name, (make, x) in works.items():
    model = make()
    if name == "resnet":
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.uniform_(module.weight, 0.5, 1.5), nn.init.normal_(module.bias, 0, 0.3)
                nn.init.normal_(module.running_mean, 0, 0.3), nn.init.uniform_(module.running_var, 0.5, 1.5)
    # tensors that are equal come out as one, and would then be trained as one
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    model.eval()
    models = {"dynamo": export(model, x, True), "legacy": export(model, x, False)}
    for data in models.values():
        onnx.checker.check_model(onnx.load_from_string(data))
    first = model(x)
    gradient = None
    if x.is_floating_point():
        probe = x.clone().requires_grad_()
        F.cross_entropy(model(probe), labels).backward()
        gradient = flat(probe.grad)
        model.zero_grad()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), labels)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    result[name] = {
        "models": {how: base64.b64encode(data).decode() for how, data in models.items()},
        "x": {"shape": list(x.shape), "data": flat(x)}, "labels": labels.tolist(), "y": flat(first), "gradient": gradient,
        "losses": losses, "after": flat(model(x)),
    }
target = pathlib.Path(__file__).with_name("exported.json")
target.write_text(json.dumps({"source": f"torch {torch.__version__}", "works": result}) + "\n")
print(target.stat().st_size, {n: {h: len(m) for h, m in r["models"].items()} for n, r in result.items()})
