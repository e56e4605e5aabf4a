"""Makes schedules.json: learning rates of torch 2.15.0, Optax 0.2.8 and Keras 3.15.1, step by step.

usage: python make_schedules.py   (the list of peers `modeling`)
"""
import json
import os
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
import jax

jax.config.update("jax_enable_x64", True)
import keras
import optax
import torch

warnings.filterwarnings("ignore")
O, S = torch.optim, torch.optim.lr_scheduler
K = keras.optimizers.schedules
keras.config.set_floatx("float64")
STEPS = 24
cases = []


def rounded(values):
    return [float(f"{float(v):.9g}") for v in values]


def by_torch(name, arguments, make, rate=0.1, steps=STEPS, momentum=False):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=rate, momentum=0.9)
    scheduler = make(optimizer)
    rates, momenta = [], []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        scheduler.step()
    cases.append({"name": name, "arguments": arguments, "rates": rounded(rates), **({"momenta": rounded(momenta)} if momentum else {})})


def by_function(name, arguments, schedule, steps=STEPS):
    cases.append({"name": name, "arguments": arguments, "rates": rounded(schedule(t) for t in range(steps))})


r = 0.1
by_torch("stepwise", [r, 3, {"factor": 0.5}], lambda o: S.StepLR(o, 3, gamma=0.5))
by_torch("multiStep", [r, [2, 5, 5, 11], {"factor": 0.3}], lambda o: S.MultiStepLR(o, [2, 5, 5, 11], gamma=0.3))
by_torch("constantFactor", [r, {}], lambda o: S.ConstantLR(o))
by_torch("constantFactor", [r, {"factor": 0.2, "steps": 7}], lambda o: S.ConstantLR(o, factor=0.2, total_iters=7))
by_torch("linearFactor", [r, {}], lambda o: S.LinearLR(o))
by_torch("linearFactor", [r, {"start": 0.2, "end": 0.6, "steps": 9}], lambda o: S.LinearLR(o, 0.2, 0.6, 9))
by_torch("exponential", [r, 0.9], lambda o: S.ExponentialLR(o, 0.9))
by_torch("polynomialFactor", [r, 5, {}], lambda o: S.PolynomialLR(o))
by_torch("polynomialFactor", [r, 9, {"power": 2}], lambda o: S.PolynomialLR(o, 9, 2.0))
by_torch("cosine", [r, STEPS, {"end": 0.01}], lambda o: S.CosineAnnealingLR(o, STEPS, eta_min=0.01))
by_torch("cosineCycle", [r, 5, {"end": 0.01}], lambda o: S.CosineAnnealingLR(o, 5, eta_min=0.01))
by_torch("cosineRestarts", [r, 5, {"end": 0.01}], lambda o: S.CosineAnnealingWarmRestarts(o, 5, eta_min=0.01))
by_torch("cosineRestarts", [r, 3, {"grow": 2}], lambda o: S.CosineAnnealingWarmRestarts(o, 3, T_mult=2))
for mode in ("triangular", "triangular2", "exp_range"):
    by_torch("cyclic", [0.01, r, {"up": 4, "down": 3, "mode": {"exp_range": "exponential"}.get(mode, mode), "factor": 0.95}], lambda o: S.CyclicLR(o, 0.01, r, 4, 3, mode=mode, gamma=0.95, cycle_momentum=True), momentum=True)
by_torch("oneCycle", [r, STEPS], lambda o: S.OneCycleLR(o, r, total_steps=STEPS), momentum=True, steps=STEPS - 1)
by_torch("oneCycle", [r, 20, {"rising": 0.4, "start": 10, "end": 100, "shape": "linear"}], lambda o: S.OneCycleLR(o, r, total_steps=20, pct_start=0.4, anneal_strategy="linear", div_factor=10, final_div_factor=100), momentum=True, steps=19)
by_torch("oneCycle", [r, 20, {"rising": 0.3, "phases": 3}], lambda o: S.OneCycleLR(o, r, total_steps=20, three_phase=True), momentum=True, steps=19)

by_function("polynomialDecay", [0.1, 0.02, 2, 9, {"begin": 3}], optax.polynomial_schedule(0.1, 0.02, 2, 9, 3))
by_function("linearDecay", [0.1, 0.02, 9, {"begin": 3}], optax.linear_schedule(0.1, 0.02, 9, 3))
by_function("exponentialDecay", [0.1, 4, 0.5, {}], optax.exponential_decay(0.1, 4, 0.5))
by_function("exponentialDecay", [0.1, 4, 0.5, {"begin": 3, "staircase": True, "end": 0.02}], optax.exponential_decay(0.1, 4, 0.5, 3, True, 0.02))
by_function("cosineDecay", [0.1, 15, {"end": 0.1, "power": 1.5}], optax.cosine_decay_schedule(0.1, 15, 0.1, 1.5))
by_function("warmupCosine", [0.01, 0.1, 5, 20, {"end": 0.02}], optax.warmup_cosine_decay_schedule(0.01, 0.1, 5, 20, 0.02))
by_function("warmupExponential", [0.01, 0.1, 5, 4, 0.5, {"begin": 2, "staircase": True}], optax.warmup_exponential_decay_schedule(0.01, 0.1, 5, 4, 0.5, 2, True))
by_function("warmupConstant", [0.01, 0.1, 5], optax.warmup_constant_schedule(0.01, 0.1, 5))
by_function("piecewiseConstant", [0.1, {"3": 0.5, "8": 0.1}], optax.piecewise_constant_schedule(0.1, {3: 0.5, 8: 0.1}))
by_function("piecewiseInterpolate", [0.1, {"3": 2, "8": 0.1, "15": 0.5}, {}], optax.piecewise_interpolate_schedule("linear", 0.1, {3: 2, 8: 0.1, 15: 0.5}))
by_function("piecewiseInterpolate", [0.1, {"3": 2, "8": 0.1, "15": 0.5}, {"shape": "cosine"}], optax.piecewise_interpolate_schedule("cosine", 0.1, {3: 2, 8: 0.1, 15: 0.5}))
by_function("linearOneCycle", [0.1, 20, {"rising": 0.25, "falling": 0.8, "start": 20, "end": 1000}], optax.linear_onecycle_schedule(20, 0.1, 0.25, 0.8, 20.0, 1000.0))
by_function("cosineOneCycle", [0.1, 20, {"rising": 0.25, "start": 20, "end": 1000}], optax.cosine_onecycle_schedule(20, 0.1, 0.25, 20.0, 1000.0))
sgdr = [{"init_value": 0.01, "peak_value": 0.1, "warmup_steps": 2, "decay_steps": 8, "end_value": 0.02}, {"init_value": 0.02, "peak_value": 0.05, "warmup_steps": 3, "decay_steps": 12, "end_value": 0.0}]
by_function("sgdr", [[[0.01, 0.1, 2, 8, {"end": 0.02}], [0.02, 0.05, 3, 12, {"end": 0}]]], optax.sgdr_schedule(sgdr))
for staircase in (False, True):
    by_function("inverseTime", [0.1, 4, 0.5, {"staircase": staircase}], K.InverseTimeDecay(0.1, 4, 0.5, staircase=staircase))
by_function("polynomialCycle", [0.1, 5, {"end": 0.01, "power": 1.5}], K.PolynomialDecay(0.1, 5, 0.01, 1.5, cycle=True))
by_function("cosineDecayRestarts", [0.1, 4, {"grow": 2, "shrink": 0.7, "end": 0.1}], K.CosineDecayRestarts(0.1, 4, 2.0, 0.7, 0.1))
by_function("cosineDecayRestarts", [0.1, 4, {"grow": 1, "shrink": 0.7}], K.CosineDecayRestarts(0.1, 4, 1.0, 0.7))
by_function("piecewiseValues", [[3, 8], [0.1, 0.05, 0.01]], K.PiecewiseConstantDecay([3, 8], [0.1, 0.05, 0.01]))
by_function("warmupCosine", [0.01, 0.1, 5, 20], K.CosineDecay(0.01, 15, 0.0, warmup_target=0.1, warmup_steps=5))

# compositions and functions
by_torch("lambda", [], lambda o: S.LambdaLR(o, lambda t: 1 / (1 + t)))
by_torch("multiplicative", [], lambda o: S.MultiplicativeLR(o, lambda t: 0.95 if t % 2 else 0.8))
by_torch("sequential", [], lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.1, 1.0, 5), S.ExponentialLR(o, 0.9), S.StepLR(o, 2, 0.5)], [5, 12]))
by_torch("chained", [], lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.1, 4), S.ExponentialLR(o, 0.9)]))

# a plateau: the rates after each epoch, by what was watched
values = [1.0, 0.9, 0.91, 0.92, 0.93, 0.89999, 0.5, 0.5, 0.51, 0.52, 0.5, 0.4, 0.41, 0.42, 0.43, 0.44, 0.45, 0.46, 0.47]
plateaus = []
for ours, more in (
    ({"factor": 0.5, "patience": 1}, {"factor": 0.5, "patience": 1}),
    ({"factor": 0.1, "patience": 2, "cooldown": 2, "threshold": 0.05, "thresholdMode": "absolute"}, {"factor": 0.1, "patience": 2, "cooldown": 2, "threshold": 0.05, "threshold_mode": "abs"}),
    ({"factor": 0.3, "patience": 0, "least": 0.02, "mode": "max"}, {"factor": 0.3, "patience": 0, "min_lr": 0.02, "mode": "max"}),
):
    optimizer = O.SGD([torch.zeros(1, requires_grad=True)], lr=r)
    scheduler = S.ReduceLROnPlateau(optimizer, **more)
    rates = []
    for value in values:
        optimizer.step()
        scheduler.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    plateaus.append({"options": ours, "rates": rounded(rates)})

Path(__file__).with_name("schedules.json").write_text(json.dumps({"cases": cases, "plateaus": plateaus, "values": values}) + "\n")
