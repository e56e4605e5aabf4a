"""Makes optimizers.json: trajectories of torch 2.15.0, Optax 0.2.8 and Keras 3.15.1 on one objective, at the steps 1, 2, 8 (and 30).

usage: python make_optimizers.py   (the list of peers `modeling`)

Objective: L(w, b) = sum(a w^2 / 2) + sum(sin w) + sum(c b^2 / 2) + sum(cos b), w of [3, 4], b of [4]. Its Hessian is diagonal, so that a
random estimate of the diagonal with signs is exact.
"""
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
import jax

# in single precision Optax's 1 - beta^t has no more than five digits
jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import keras
import numpy as np
import optax
import optax.contrib as oc
import torch
import torch.optim._muon as torch_muon

r = np.random.default_rng(3)
A = r.uniform(0.2, 3, (3, 4)).astype(np.float32)
C = r.uniform(0.2, 3, 4).astype(np.float32)
W = r.normal(size=(3, 4)).astype(np.float32)
B = r.normal(size=4).astype(np.float32)


def rounded(values):
    return [float(f"{v:.8g}") for v in np.asarray(values, dtype=np.float64).reshape(-1)]


def point(w, b):
    return rounded(np.concatenate([np.asarray(w).reshape(-1), np.asarray(b).reshape(-1)]))


def torch_loss(w, b):
    return (torch.tensor(A) * w * w / 2).sum() + torch.sin(w).sum() + (torch.tensor(C) * b * b / 2).sum() + torch.cos(b).sum()


def jax_loss(p):
    w, b = p
    return (A * w * w / 2).sum() + jnp.sin(w).sum() + (C * b * b / 2).sum() + jnp.cos(b).sum()


def by_torch(make, steps, before=None, used=None, scheduler=None, only_w=False):
    w, b = torch.tensor(W, requires_grad=True), torch.tensor(B, requires_grad=not only_w)
    parameters = [w] if only_w else [w, b]
    optimizer = make(parameters)
    schedule = scheduler(optimizer) if scheduler else None
    points, results = {}, {}
    for t in range(1, max(steps) + 1):
        optimizer.zero_grad()
        torch_loss(w, b).backward()
        if before:
            before(parameters)
        optimizer.step()
        if schedule:
            schedule.step()
        if t in steps:
            points[t] = point(w.detach(), b.detach())
            if used:
                results[t] = point(*[used(optimizer, p) for p in (w, b)])
    return points, results


def by_optax(make, steps, used=None, sam=False, lookahead=False):
    optimizer = make()
    p = (jnp.array(W, dtype=jnp.float64), jnp.array(B, dtype=jnp.float64))
    if lookahead:
        p = optax.LookaheadParams.init_synced(p)
    state = optimizer.init(p)
    fast = lambda q: q.fast if lookahead else q

    # `value` is the loss of the polyak and momo kinds, `obj_fn` what Sophia differentiates, `grad_fn` what SAM does
    @jax.jit
    def step(p, state):
        value, g = jax.value_and_grad(jax_loss)(fast(p))
        extra = {"grad_fn": lambda q, _: jax.grad(jax_loss)(q)} if sam else {"value": value, "obj_fn": jax_loss}
        if isinstance(optimizer, optax.GradientTransformationExtraArgs):
            updates, state = optimizer.update(g, state, p, **extra)
        else:
            updates, state = optimizer.update(g, state, p)
        return optax.apply_updates(p, updates), state

    points, results = {}, {}
    for t in range(1, max(steps) + 1):
        p, state = step(p, state)
        if t in steps:
            points[t] = point(*fast(p))
            if used:
                results[t] = point(*used(state, p))
    return points, results


def by_keras(make, steps):
    optimizer = make()
    w, b = keras.Variable(W), keras.Variable(B)
    optimizer.build([w, b])
    points = {}
    for t in range(1, max(steps) + 1):
        g = jax.grad(jax_loss)((w.value, b.value))
        optimizer.apply([jnp.asarray(v) for v in g], [w, b])
        if t in steps:
            points[t] = point(w, b)
    return points, {}


T = torch.optim
SHORT, LONG = (1, 2, 8), (1, 2, 8, 30)
cases = []


def add(name, ours, run, make, steps=SHORT, **more):
    points, results = run(make, steps, **more)
    cases.append({"name": name, "options": ours, "points": points, **({"results": results} if results else {})})


def clip_norm(parameters):
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)


def clip_value(parameters):
    torch.nn.utils.clip_grad_value_(parameters, 0.3)


add("sgd", {"learningRate": 0.05}, by_torch, lambda p: T.SGD(p, lr=0.05))
add("sgd", {"learningRate": 0.02, "momentum": 0.9, "nesterov": True, "weightDecay": 0.01}, by_torch, lambda p: T.SGD(p, lr=0.02, momentum=0.9, nesterov=True, weight_decay=0.01), LONG)
add("sgd", {"learningRate": 0.02, "momentum": 0.8, "dampening": 0.5}, by_torch, lambda p: T.SGD(p, lr=0.02, momentum=0.8, dampening=0.5))
add("adam", {"learningRate": 0.1}, by_torch, lambda p: T.Adam(p, lr=0.1), LONG)
add("adam", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weightDecay": 0.1, "amsgrad": True}, by_torch, lambda p: T.Adam(p, lr=0.1, betas=(0.8, 0.9), eps=0.01, weight_decay=0.1, amsgrad=True), LONG)
add("adamW", {"learningRate": 0.1, "weightDecay": 0.3, "amsgrad": True, "beta2": 0.9}, by_torch, lambda p: T.AdamW(p, lr=0.1, weight_decay=0.3, amsgrad=True, betas=(0.9, 0.9)), LONG)
add("nadam", {}, by_torch, lambda p: T.NAdam(p), LONG)
add("nadam", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "weightDecay": 0.1, "momentumDecay": 0.02}, by_torch, lambda p: T.NAdam(p, lr=0.1, betas=(0.8, 0.95), eps=1e-4, weight_decay=0.1, momentum_decay=0.02))
add("nadam", {"learningRate": 0.1, "weightDecay": 0.1, "decoupled": True}, by_torch, lambda p: T.NAdam(p, lr=0.1, weight_decay=0.1, decoupled_weight_decay=True))
add("radam", {"learningRate": 0.1}, by_torch, lambda p: T.RAdam(p, lr=0.1), LONG)
add("radam", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-4, "weightDecay": 0.1}, by_torch, lambda p: T.RAdam(p, lr=0.1, betas=(0.8, 0.9), eps=1e-4, weight_decay=0.1), LONG)
add("radam", {"learningRate": 0.1, "weightDecay": 0.1, "decoupled": True}, by_torch, lambda p: T.RAdam(p, lr=0.1, weight_decay=0.1, decoupled_weight_decay=True))
add("adamax", {"learningRate": 0.1}, by_torch, lambda p: T.Adamax(p, lr=0.1))
add("adamax", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-2, "weightDecay": 0.1}, by_torch, lambda p: T.Adamax(p, lr=0.1, betas=(0.8, 0.9), eps=1e-2, weight_decay=0.1), LONG)
add("rmsprop", {}, by_torch, lambda p: T.RMSprop(p))
add("rmsprop", {"learningRate": 0.02, "alpha": 0.9, "epsilon": 1e-3, "centered": True, "momentum": 0.8, "weightDecay": 0.1}, by_torch, lambda p: T.RMSprop(p, lr=0.02, alpha=0.9, eps=1e-3, centered=True, momentum=0.8, weight_decay=0.1), LONG)
add("rmsprop", {"learningRate": 0.02, "alpha": 0.9, "epsilon": 1e-2, "epsilonInside": True}, by_optax, lambda: optax.rmsprop(0.02, decay=0.9, eps=1e-2))
add("adagrad", {"learningRate": 0.1}, by_torch, lambda p: T.Adagrad(p, lr=0.1))
add("adagrad", {"learningRate": 0.1, "rateDecay": 0.2, "initial": 0.3, "epsilon": 1e-3, "weightDecay": 0.1}, by_torch, lambda p: T.Adagrad(p, lr=0.1, lr_decay=0.2, initial_accumulator_value=0.3, eps=1e-3, weight_decay=0.1))
add("adagrad", {"learningRate": 0.1, "initial": 0.1, "epsilon": 1e-3, "epsilonInside": True}, by_optax, lambda: optax.adagrad(0.1, eps=1e-3))
add("adadelta", {}, by_torch, lambda p: T.Adadelta(p))
add("adadelta", {"learningRate": 0.5, "rho": 0.8, "epsilon": 1e-3, "weightDecay": 0.1}, by_torch, lambda p: T.Adadelta(p, lr=0.5, rho=0.8, eps=1e-3, weight_decay=0.1), LONG)
add("adafactor", {"learningRate": 0.1}, by_torch, lambda p: T.Adafactor(p, lr=0.1), LONG)
add("adafactor", {"learningRate": 0.5, "beta2Decay": -0.5, "epsilon1": 1e-3, "epsilon2": 0.1, "clip": 1.5, "weightDecay": 0.1}, by_torch, lambda p: T.Adafactor(p, lr=0.5, beta2_decay=-0.5, eps=(1e-3, 0.1), d=1.5, weight_decay=0.1))
add("rprop", {}, by_torch, lambda p: T.Rprop(p), LONG)
add("rprop", {"learningRate": 0.2, "shrink": 0.3, "grow": 1.5, "least": 1e-3, "most": 0.4}, by_torch, lambda p: T.Rprop(p, lr=0.2, etas=(0.3, 1.5), step_sizes=(1e-3, 0.4)), LONG)
average = lambda optimizer, p: optimizer.state[p]["ax"]
add("asgd", {"learningRate": 0.05}, by_torch, lambda p: T.ASGD(p, lr=0.05), used=average)
add("asgd", {"learningRate": 0.05, "lambda": 0.1, "alpha": 0.5, "from": 3, "weightDecay": 0.1}, by_torch, lambda p: T.ASGD(p, lr=0.05, lambd=0.1, alpha=0.5, t0=3, weight_decay=0.1), used=average)
add("signSgd", {"learningRate": 0.05}, by_optax, lambda: optax.sign_sgd(0.05))
add("signum", {"learningRate": 0.05, "beta": 0.8}, by_optax, lambda: optax.signum(0.05, beta=0.8))
for mode in ("hard", "smooth", "refined"):
    add("lion", {"learningRate": 0.02, "beta1": 0.8, "beta2": 0.9, "weightDecay": 0.1, "mode": mode, "smoothness": 2}, by_optax, lambda: optax.chain(optax.scale_by_lion(0.8, 0.9, mode=mode, smooth_beta=2.0), optax.add_decayed_weights(0.1), optax.scale_by_learning_rate(0.02)))
add("lion", {}, by_optax, lambda: optax.lion(1e-4))
add("lars", {"learningRate": 0.5}, by_optax, lambda: optax.lars(0.5))
add("lars", {"learningRate": 0.5, "momentum": 0.8, "nesterov": True, "weightDecay": 0.1, "coefficient": 0.1, "epsilon": 0.01}, by_optax, lambda: optax.lars(0.5, weight_decay=0.1, trust_coefficient=0.1, eps=0.01, momentum=0.8, nesterov=True))
add("lamb", {"learningRate": 0.1}, by_optax, lambda: optax.lamb(0.1))
add("lamb", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3, "epsilonRoot": 1e-3, "weightDecay": 0.1}, by_optax, lambda: optax.lamb(0.1, b1=0.8, b2=0.9, eps=1e-3, eps_root=1e-3, weight_decay=0.1), LONG)
add("fromage", {"learningRate": 0.1}, by_optax, lambda: optax.fromage(0.1))
add("optimistic", {"learningRate": 0.05, "alpha": 0.8, "beta": 0.6}, by_optax, lambda: optax.optimistic_gradient_descent(0.05, alpha=0.8, beta=0.6))
add("polyakSgd", {"maximum": 0.1}, by_optax, lambda: optax.polyak_sgd(max_learning_rate=0.1))
add("polyakSgd", {"learningRate": 2, "maximum": 0.3, "lowest": -1, "epsilon": 0.1, "positive": True}, by_optax, lambda: optax.polyak_sgd(max_learning_rate=0.3, scaling=2.0, f_min=-1.0, eps=0.1, variant="sps+"))
add("adabelief", {"learningRate": 0.1}, by_optax, lambda: optax.adabelief(0.1))
add("adabelief", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-4, "epsilonRoot": 1e-4, "nesterov": True}, by_optax, lambda: optax.adabelief(0.1, b1=0.8, b2=0.9, eps=1e-4, eps_root=1e-4, nesterov=True))
add("yogi", {"learningRate": 0.1, "beta1": 0.8, "beta2": 0.9}, by_optax, lambda: optax.yogi(0.1, b1=0.8, b2=0.9), LONG)
add("adan", {"learningRate": 0.1}, by_optax, lambda: optax.adan(0.1))
add("adan", {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.8, "beta3": 0.95, "epsilon": 1e-3, "epsilonRoot": 1e-4, "weightDecay": 0.1}, by_optax, lambda: optax.adan(0.1, b1=0.9, b2=0.8, b3=0.95, eps=1e-3, eps_root=1e-4, weight_decay=0.1), LONG)
add("novograd", {"learningRate": 0.05}, by_optax, lambda: optax.novograd(0.05))
add("novograd", {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.5, "epsilon": 1e-3, "epsilonRoot": 1e-3, "weightDecay": 0.1}, by_optax, lambda: optax.novograd(0.05, b1=0.8, b2=0.5, eps=1e-3, eps_root=1e-3, weight_decay=0.1))
add("ademamix", {"learningRate": 0.05}, by_optax, lambda: oc.ademamix(0.05))
add("ademamix", {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.9, "beta3": 0.99, "alpha": 2, "epsilon": 1e-3, "epsilonRoot": 1e-4, "weightDecay": 0.1}, by_optax, lambda: oc.ademamix(0.05, b1=0.8, b2=0.9, b3=0.99, alpha=2.0, eps=1e-3, eps_root=1e-4, weight_decay=0.1))
add("simplifiedAdemamix", {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.9, "alpha": 0.5, "epsilon": 1e-3, "weightDecay": 0.1}, by_optax, lambda: oc.simplified_ademamix(0.01, b1=0.9, b2=0.9, alpha=0.5, eps=1e-3, weight_decay=0.1))
add("adopt", {"learningRate": 0.05}, by_optax, lambda: oc.adopt(0.05))
add("adopt", {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "nesterov": True, "clips": False}, by_optax, lambda: oc.adopt(0.05, b1=0.8, b2=0.95, eps=1e-3, nesterov=True, use_clipping=False))
add("acprop", {"learningRate": 0.02, "beta1": 0.8, "beta2": 0.9, "weightDecay": 0.1}, by_optax, lambda: oc.acprop(0.02, b1=0.8, b2=0.9, weight_decay=0.1))
add("sm3", {"learningRate": 0.1}, by_optax, lambda: optax.sm3(0.1))
add("sm3", {"learningRate": 0.1, "momentum": 0.5, "beta2": 0.9, "epsilon": 1e-3}, by_optax, lambda: optax.chain(optax.scale_by_sm3(0.5, 0.9, 1e-3), optax.scale(-0.1)))
add("madgrad", {"learningRate": 0.05}, by_optax, lambda: oc.madgrad(0.05))
add("madgrad", {"learningRate": 0.05, "momentum": 0.5, "epsilon": 1e-3, "weightDecay": 0.1}, by_optax, lambda: oc.madgrad(0.05, momentum=0.5, eps=1e-3, weight_decay=0.1))
add("cocob", {}, by_optax, lambda: oc.cocob(), LONG)
add("cocob", {"learningRate": 0.5, "alpha": 10, "epsilon": 1e-3, "weightDecay": 0.1}, by_optax, lambda: oc.cocob(0.5, alpha=10.0, eps=1e-3, weight_decay=0.1))
add("dog", {}, by_optax, lambda: oc.dog())
add("dog", {"learningRate": 0.5, "first": "distance", "firstStep": 0.01, "epsilon": 1e-3, "weightDecay": 0.1}, by_optax, lambda: oc.dog(0.5, ("distance", 0.01), 1e-3, 0.1), LONG)
add("dog", {"first": "learningRate", "firstStep": 0.01}, by_optax, lambda: oc.dog(1.0, ("learning_rate", 0.01)), LONG)
add("dowg", {}, by_optax, lambda: oc.dowg(), LONG)
add("dowg", {"learningRate": 0.5, "first": 0.01, "epsilon": 1e-3, "weightDecay": 0.1}, by_optax, lambda: oc.dowg(0.5, 0.01, 1e-3, 0.1), LONG)
add("dAdaptAdamW", {}, by_optax, lambda: oc.dadapt_adamw(), LONG)
add("dAdaptAdamW", {"learningRate": 0.5, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3, "first": 1e-3, "weightDecay": 0.1}, by_optax, lambda: oc.dadapt_adamw(0.5, (0.8, 0.9), 1e-3, 1e-3, 0.1), LONG)
add("prodigy", {}, by_optax, lambda: oc.prodigy())
add("prodigy", {"learningRate": 0.5, "beta1": 0.8, "beta2": 0.9, "beta3": 0.7, "epsilon": 1e-3, "first": 1e-3, "coefficient": 2, "weightDecay": 0.1, "safeguardWarmup": True}, by_optax, lambda: oc.prodigy(0.5, (0.8, 0.9), 0.7, 1e-3, 1e-3, 2.0, 0.1, True), LONG)
add("momo", {"learningRate": 0.1, "lowest": -20}, by_optax, lambda: oc.momo(0.1, lower_bound=-20.0))
add("momo", {"beta": 0.5, "weightDecay": 0.1, "lowest": -9, "adaptsLowest": True}, by_optax, lambda: oc.momo(1.0, 0.5, -9.0, 0.1, True))
add("momoAdam", {"learningRate": 0.1, "lowest": -20}, by_optax, lambda: oc.momo_adam(0.1, lower_bound=-20.0))
add("momoAdam", {"learningRate": 0.5, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3, "weightDecay": 0.1, "lowest": -9, "adaptsLowest": True}, by_optax, lambda: oc.momo_adam(0.5, 0.8, 0.9, 1e-3, -9.0, 0.1, True))
add("sophia", {"learningRate": 0.05}, by_optax, lambda: oc.sophia(0.05), LONG)
add("sophia", {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.9, "epsilon": 1e-3, "gamma": 0.5, "clip": 0.7, "every": 3, "weightDecay": 0.1}, by_optax, lambda: oc.sophia(0.05, b1=0.8, b2=0.9, eps=1e-3, gamma=0.5, clip_threshold=0.7, update_interval=3, weight_decay=0.1))
for options, more in (({}, {}), ({"power": -0.7, "initial": 0.3, "l1": 0.05, "l2": 0.1, "shrinkage": 0.02, "beta": 0.3}, {"learning_rate_power": -0.7, "initial_accumulator_value": 0.3, "l1_regularization_strength": 0.05, "l2_regularization_strength": 0.1, "l2_shrinkage_regularization_strength": 0.02, "beta": 0.3})):
    add("ftrl", {"learningRate": 0.1, **options}, by_keras, lambda: keras.optimizers.Ftrl(0.1, **more))

# wrappers: `wrap` names ours, `options` are its settings, `inner` those of the optimizer inside
def wrapped(wrap, options, inner, run, make, steps=SHORT, **more):
    add(inner[0], inner[1], run, make, steps, **more)
    cases[-1]["wrap"] = {"name": wrap, "options": options}


SGD = ("sgd", {"learningRate": 0.05})
ADAM = ("adam", {"learningRate": 0.1})
wrapped("sam", {"rho": 0.3}, SGD, by_optax, lambda: oc.sam(optax.sgd(0.05), optax.chain(oc.normalize(), optax.sgd(0.3)), sync_period=2, opaque_mode=True), sam=True)
wrapped("sam", {"rho": 0.3}, ADAM, by_optax, lambda: oc.sam(optax.adam(0.1), optax.chain(oc.normalize(), optax.sgd(0.3)), sync_period=2, opaque_mode=True), sam=True)
wrapped("lookahead", {"period": 3, "slowStep": 0.4}, ADAM, by_optax, lambda: optax.lookahead(optax.adam(0.1), 3, 0.4), lookahead=True, used=lambda state, p: p.slow)
wrapped("scheduleFree", {"beta1": 0.8, "power": 1}, ("sgd", {"learningRate": 0.3}), by_optax, lambda: oc.schedule_free(optax.sgd(0.3), 0.3, b1=0.8, weight_lr_power=1.0), used=oc.schedule_free_eval_params)
wrapped("scheduleFree", {}, ("adam", {"learningRate": 0.05, "beta1": 0}), by_optax, lambda: oc.schedule_free_adamw(0.05), LONG, used=oc.schedule_free_eval_params)
wrapped("mechanize", {}, ("sgd", {"learningRate": 1}), by_optax, lambda: oc.mechanize(optax.sgd(1.0)))
wrapped("mechanize", {"weightDecay": 0.1, "initialScale": 0.01, "betas": 3}, ADAM, by_optax, lambda: oc.mechanize(optax.adam(0.1), 0.1, 1e-8, 0.01, 3))
wrapped("accumulate", 3, ADAM, by_optax, lambda: optax.MultiSteps(optax.adam(0.1), 3).gradient_transformation())
wrapped("galore", {"rank": 2, "every": 4, "factor": 0.5, "iterations": 60}, ADAM, by_optax, lambda: oc.galore(0.1, rank=2, update_proj_gap=4, scale=0.5, base_optimizer=optax.chain(optax.scale_by_adam())))


# transforms before an optimizer
def before(transform, options, run, make, steps=SHORT, inner=SGD, **more):
    add(inner[0], inner[1], run, make, steps, **more)
    cases[-1]["before"] = {"name": transform, "options": options}


sgd = lambda: optax.sgd(0.05)
before("clipByGlobalNorm", [1], by_torch, lambda p: T.SGD(p, lr=0.05), before=clip_norm)
before("clipByGlobalNorm", [1, {"epsilon": 0}], by_optax, lambda: optax.chain(optax.clip_by_global_norm(1.0), sgd()))
before("clip", [0.3], by_torch, lambda p: T.SGD(p, lr=0.05), before=clip_value)
before("clipByBlockRms", [0.5], by_optax, lambda: optax.chain(optax.clip_by_block_rms(0.5), sgd()))
before("adaptiveGradClip", [0.1], by_optax, lambda: optax.chain(optax.adaptive_grad_clip(0.1), sgd()))
before("centralize", [], by_optax, lambda: optax.chain(optax.centralize(), sgd()))
before("trace", [0.7, {"nesterov": True}], by_optax, lambda: optax.chain(optax.trace(0.7, nesterov=True), sgd()))
before("ema", [0.7], by_optax, lambda: optax.chain(optax.ema(0.7), sgd()))
before("ema", [0.7, {"debias": False}], by_optax, lambda: optax.chain(optax.ema(0.7, debias=False), sgd()))
before("addDecayedWeights", [0.2], by_optax, lambda: optax.chain(optax.add_decayed_weights(0.2), sgd()))
before("scaleByTrustRatio", [{"coefficient": 0.5, "epsilon": 0.1}], by_optax, lambda: optax.chain(optax.scale_by_trust_ratio(trust_coefficient=0.5, eps=0.1), sgd()))
before("scaleByParameterNorm", [], by_optax, lambda: optax.chain(optax.scale_by_param_block_norm(), sgd()))
before("scaleByParameterRms", [], by_optax, lambda: optax.chain(optax.scale_by_param_block_rms(), sgd()))
before("normalizeByNorm", [{"factor": 2}], by_optax, lambda: optax.chain(optax.normalize_by_update_norm(2.0), sgd()))
before("scaleBySign", [], by_optax, lambda: optax.chain(optax.scale_by_sign(), sgd()))
before("applyEvery", [3], by_optax, lambda: optax.chain(optax.apply_every(3), sgd()))

# Muon in single precision (torch's own is bfloat16: a case of its own, at 5 %), matrices alone
bfloat16 = torch_muon._zeropower_via_newtonschulz


def single(grad, coefficients, steps, eps):
    real = torch.Tensor.to
    torch.Tensor.to = lambda self, dtype=None, copy=False: real(self, dtype=torch.float32, copy=copy)
    try:
        return bfloat16(grad, coefficients, steps, eps)
    finally:
        torch.Tensor.to = real


options = {"learningRate": 0.05, "momentum": 0.8, "weightDecay": 0.2}
muon = lambda **more: lambda p: T.Muon(p, lr=0.05, momentum=0.8, weight_decay=0.2, **more)
add("muon", {**options, "units": "first"}, by_torch, muon(), only_w=True)
cases[-1]["tolerance"] = 0.05
torch_muon._zeropower_via_newtonschulz = single
add("muon", {**options, "units": "first"}, by_torch, muon(), only_w=True)
add("muon", {**options, "units": "first", "nesterov": False, "scaling": "rmsOfAdamW", "steps": 3}, by_torch, muon(nesterov=False, adjust_lr_fn="match_rms_adamw", ns_steps=3), only_w=True)
torch_muon._zeropower_via_newtonschulz = bfloat16

# SparseAdam on the rows of an embedding: rows 0 and 2 at odd steps, row 1 at even ones
table = torch.nn.Embedding(3, 4, sparse=True)
table.weight.data = torch.tensor(W)
optimizer = T.SparseAdam(table.parameters(), lr=0.1, betas=(0.8, 0.9), eps=1e-3)
sparse = {}
for t in range(1, 9):
    optimizer.zero_grad()
    rows = torch.tensor([0, 2] if t % 2 else [1])
    x = table(rows)
    ((torch.tensor(A)[rows] * x * x / 2).sum() + torch.sin(x).sum()).backward()
    optimizer.step()
    if t in SHORT:
        sparse[t] = rounded(table.weight.detach())

# Shampoo by its definition, with roots by eigenvalues in double precision
def root4(m):
    values, vectors = np.linalg.eigh(m)
    return vectors @ np.diag(values**-0.25) @ vectors.T


w, b = W.astype(np.float64), B.astype(np.float64)
left, right, squares = 0.1 * np.eye(3), 0.1 * np.eye(4), 0.1 * np.ones(4)
shampoo = {}
for t in range(1, 9):
    gw, gb = A * w + np.cos(w), C * b - np.sin(b)
    left, right, squares = left + gw @ gw.T, right + gw.T @ gw, squares + gb * gb
    w, b = w - 0.2 * root4(left) @ gw @ root4(right), b - 0.2 * gb / np.sqrt(squares)
    if t in SHORT:
        shampoo[t] = point(w, b)

# SOAP by its algorithm 3, with eigenvectors by numpy in double precision; the basis follows by one QR every 3 steps
def soap_basis(m):
    return np.linalg.eigh(m)[1][:, ::-1]


def soap_turn(m, q):
    order = np.argsort(-np.diag(q.T @ m @ q))
    return np.linalg.qr(m @ q[:, order])[0], order


# at the second step the gradient is diagonal in its own basis: a small epsilon would make rounding large
lr, b1, b2, bs, eps, wd = 0.05, 0.8, 0.9, 0.7, 0.05, 0.1
w, b = W.astype(np.float64), B.astype(np.float64)
mw, vw, mb, vb = np.zeros((3, 4)), np.zeros((3, 4)), np.zeros(4), np.zeros(4)
left, right = np.zeros((3, 3)), np.zeros((4, 4))
soap = {}
for t in range(1, 9):
    gw, gb = A * w + np.cos(w), C * b - np.sin(b)
    n = t - 1
    if n > 0:
        mw, mb = b1 * mw + (1 - b1) * gw, b1 * mb + (1 - b1) * gb
        vw, vb = b2 * vw + (1 - b2) * (ql.T @ gw @ qr) ** 2, b2 * vb + (1 - b2) * gb * gb
        step = lr * np.sqrt(1 - b2**n) / (1 - b1**n)
        w = w - step * (ql @ ((ql.T @ mw @ qr) / (np.sqrt(vw) + eps)) @ qr.T) - lr * wd * w
        b = b - step * mb / (np.sqrt(vb) + eps) - lr * wd * b
    left, right = bs * left + (1 - bs) * gw @ gw.T, bs * right + (1 - bs) * gw.T @ gw
    if n == 0:
        ql, qr = soap_basis(left), soap_basis(right)
    elif n % 3 == 0:
        (ql, rows), (qr, columns) = soap_turn(left, ql), soap_turn(right, qr)
        vw = vw[rows][:, columns]
    if t in SHORT:
        soap[t] = point(w, b)

# averages of parameters
w = torch.nn.Parameter(torch.tensor(W))
holder = torch.nn.ParameterList([w])
ema = torch.optim.swa_utils.AveragedModel(holder, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.7))
swa = torch.optim.swa_utils.AveragedModel(holder)
optimizer = T.SGD(holder.parameters(), lr=0.05)
averages = {"ema": {}, "swa": {}}
for t in range(1, 9):
    optimizer.zero_grad()
    ((torch.tensor(A) * w * w / 2).sum() + torch.sin(w).sum()).backward()
    # the list holds the parameter that is trained
    optimizer.step()
    ema.update_parameters(holder)
    if t >= 3 and (t - 3) % 2 == 0:
        swa.update_parameters(holder)
    if t in SHORT:
        averages["ema"][t] = rounded(next(ema.parameters()).detach())
        averages["swa"][t] = rounded((next(swa.parameters()) if t >= 3 else w).detach())

out = {
    "a": rounded(A), "c": rounded(C), "w": rounded(W), "b": rounded(B), "cases": cases,
    "sparse": sparse, "shampoo": shampoo, "soap": soap, "averages": averages,
}
Path(__file__).with_name("optimizers.json").write_text(json.dumps(out) + "\n")
