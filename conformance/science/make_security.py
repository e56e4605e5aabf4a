"""Success of foolbox's attacks on a small network over four numbers.

Peer: foolbox 3.3.4 (LinfFastGradientAttack, LinfPGD with its defaults).
Environment: conformance/peers/install oodsec; run with that Python.
"""

import json
from importlib.metadata import version
from pathlib import Path

import foolbox
import torch
from torch import nn

torch.manual_seed(4)
n, d = 300, 4
x = torch.randn(n, d)
y = (x[:, 0] * x[:, 1] + x[:, 2] + 0.3 * torch.randn(n) > 0).long()
net = nn.Sequential(nn.Linear(d, 12), nn.ReLU(), nn.Linear(12, 12), nn.ReLU(), nn.Linear(12, 2))
optimizer = torch.optim.Adam(net.parameters(), 0.01)
for _ in range(150):
    optimizer.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    optimizer.step()

model = foolbox.PyTorchModel(net.eval(), bounds=(-20, 20))
plain = lambda t: [round(float(v), 7) for v in t.detach().reshape(-1)]
with torch.no_grad():
    for p in net.parameters():
        p.copy_(torch.tensor(plain(p)).reshape(p.shape))
x = torch.tensor(plain(x)).reshape(n, d)
success = lambda attack, epsilon: int(attack(model, x, y, epsilons=epsilon)[2].sum())
epsilons = [0.02, 0.05, 0.1, 0.2, 0.4]
out = {
    "peers": {"foolbox": version("foolbox")},
    "x": plain(x), "y": y.tolist(),
    "weights": [plain(layer.weight.T) for layer in net if isinstance(layer, nn.Linear)],
    "biases": [plain(layer.bias) for layer in net if isinstance(layer, nn.Linear)],
    "epsilons": epsilons,
    "fgsm": [success(foolbox.attacks.LinfFastGradientAttack(), e) for e in epsilons],
    "pgd": [success(foolbox.attacks.LinfPGD(), e) for e in epsilons],
}
Path(__file__).with_name("security.json").write_text(json.dumps(out))
