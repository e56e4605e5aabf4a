import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tensor } from '@mlpod/contract'
import * as g from '@mlpod/graph'
import { applyPreprocess, mlp, network, type Preprocess, rawInputs } from '@mlpod/learn'
import { afterAll, expect, inject, test } from 'vitest'

type Value = g.Value

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'mlpod-checked-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What ONNX's own checker says against models, by name. */
function refused(models: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, string>> {
  const names = new Map(Object.keys(models).map((name, i) => [join(folder, `${i}.onnx`), name]))
  for (const [path, name] of names) writeFileSync(path, models[name])
  const { status, stdout, stderr } = spawnSync('.cache/service-python/bin/python', ['test/service/check.py'], {
    cwd: root,
    input: JSON.stringify([...names.keys()]),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`check.py ended with ${status}: ${stderr}`)
  return Object.fromEntries(
    Object.entries(JSON.parse(stdout) as Record<string, string>).map(([path, why]) => [names.get(path), why]),
  )
}

const x = g.input('x', 'float32', ['batch', 3])
const y = g.input('y', 'float32', ['batch', 3])
const cube = g.input('cube', 'float32', ['batch', 2, 3])
const i = g.input('i', 'int64', ['batch'])
const index = (...numbers: number[]) => g.constant(numbers, 'int64')
const column = g.reshape(i, [-1, 1])

/** One use or more of every operator function. */
const uses: Readonly<Record<string, Value | readonly Value[]>> = {
  unary: [g.neg, g.abs, g.sign, g.sqrt, g.exp, g.log, g.reciprocal, g.erf, g.floor, g.ceil, g.round, g.sin, g.cos].map(
    (f) => f(x),
  ),
  activations: [g.relu, g.softplus, g.sigmoid, g.tanh, g.identity, g.leakyRelu, g.elu, g.gelu].map((f) => f(x)),
  'in double precision': [g.softplus, g.elu, g.leakyRelu].map((f) => f(g.cast(x, 'float64'))),
  binary: [g.add, g.sub, g.mul, g.div, g.pow, g.min, g.max, g.sum].map((f) => f(x, y)),
  mod: g.mod(x, y, { fmod: true }),
  comparisons: [g.equal, g.less, g.greater, g.lessOrEqual, g.greaterOrEqual].map((f) => f(x, y)),
  logic: [g.and, g.or, g.xor].map((f) => f(g.greater(x, 0), g.not(g.less(y, 0)))),
  where: g.where(g.or(g.isNaN(x), g.isInf(x)), x, 0),
  clip: [g.clip(x, 0, 1), g.clip(x, undefined, 1), g.clip(x, 0)],
  cast: g.cast(x, 'float16'),
  products: [
    g.matMul(x, g.transpose(y)),
    g.gemm(x, y, 1, { transB: true }),
    g.matMul(cube, g.transpose(cube, [0, 2, 1])),
  ],
  reductions: [
    g.reduceSum,
    g.reduceMean,
    g.reduceMax,
    g.reduceMin,
    g.reduceSumSquare,
    g.reduceL2,
    g.reduceLogSumExp,
  ].flatMap((f) => [f(x), f(x, { axes: [-1], keepDims: true }), f(x, { axes: [] })]),
  'arg and softmax': [g.argMax(x, { axis: 1 }), g.argMin(x), g.softmax(x), g.logSoftmax(x), g.cumSum(x, 1)],
  shapes: [
    g.reshape(x, [-1]),
    g.reshape(cube, g.concat([g.shape(cube, 0, 1), index(6)])),
    g.flatten(cube),
    g.transpose(cube),
    g.squeeze(g.unsqueeze(x, [1]), [1]),
    g.expand(g.constant(1), g.shape(x)),
    g.tile(x, [1, 2]),
    g.concat([x, y], { axis: 1 }),
    ...g.split(x, [1, 2], { axis: 1 }),
    ...g.split(x, 3, { axis: 1 }),
    g.size(x),
    g.constantOfShape(g.shape(x), 2),
    g.range(0, g.size(x)),
  ],
  pads: (['constant', 'edge', 'reflect', 'wrap'] as const).map((mode) => g.pad(x, [0, 1, 0, 1], { mode })),
  picks: [
    g.slice(x, [0], [2]),
    g.slice(x, [2], [-100], { axes: [1], steps: [-1] }),
    g.gather(x, i),
    g.gatherElements(x, column, { axis: 1 }),
    g.gatherND(x, column),
    g.nonZero(x),
    g.trilu(x),
    g.oneHot(i, 4),
    g.topK(x, 2).values,
    g.topK(x, 2).indices,
  ],
  scatters: (['none', 'add', 'mul', 'max', 'min'] as const).flatMap((reduction) => [
    g.scatterElements(x, column, column.shape.length === 2 ? g.slice(x, [0], [1], { axes: [1] }) : x, {
      axis: 1,
      reduction,
    }),
    g.scatterND(x, column, y, { reduction }),
  ]),
  branches: g.ifElse(
    g.greater(g.reduceSum(x), 0),
    () => [g.mul(x, y), x],
    () => [
      g.add(x, 1),
      g.ifElse(
        g.less(g.reduceSum(y), 0),
        () => x,
        () => y,
      ),
    ],
  ),
  loops: g.repeat(3, [x], ([state], turn) => ({
    state: [g.add(g.mul(state, y), g.cast(turn, 'float32'))],
    collect: [g.reduceSum(state)],
  })),
  labels: g.labelEncoder(g.input('s', 'string', ['batch']), { keys: ['a', 'b'], values: [0, 1], fallback: -1 }),
}

const compiled = (values: Value | readonly Value[], optimize: boolean): Uint8Array =>
  g.compile({ outputs: Object.fromEntries([values].flat().map((value, k) => [`out${k}`, value])), optimize }).bytes

test('ONNX itself accepts every operator as it is written', () => {
  const models = Object.entries(uses).flatMap(([name, values]) => [
    [name, compiled(values, false)],
    [`${name}, simplified`, compiled(values, true)],
  ])
  expect(refused(Object.fromEntries(models))).toEqual({})
})

test('and derivatives, first and second', () => {
  const values = [uses.activations, uses.products, uses.reductions, uses.shapes, uses.pads, uses.branches].flat()
  const floating = values.filter(
    (value) => g.dtypeOf(value) === 'float32' && value.operation.type !== 'ConstantOfShape',
  )
  const models = floating.flatMap((value, k) => {
    const loss = g.reduceSum(g.sin(value))
    const by = [x, y, cube]
    const derivatives = [...g.grad(loss, by), ...g.hvp(loss, by, by)]
    return [[`${k} ${value.operation.type}`, compiled(derivatives, k % 2 === 0)]]
  })
  expect(refused(Object.fromEntries(models))).toEqual({})
})

test('a preprocessing of texts and numbers with a network behind it, and one that trains in a loop', () => {
  const fitted: Preprocess = {
    version: 1,
    numeric: [{ column: 'income', log: true, fill: 1, mean: 2, scale: 3, missingIndicator: true }],
    categorical: [{ column: 'kind', categories: ['a', 'b'], missing: 'category', unknown: 'category' }],
  }
  const inputs = rawInputs(fitted)
  const { output } = network(mlp([4], 2), applyPreprocess(fitted, inputs).features, { seed: 1 })
  const w = g.parameter('w', tensor('float32', [3, 1], new Float32Array(3)))
  const [trained] = g.repeat(5, [w], ([state]) => {
    const [slope] = g.grad(g.reduceMean(g.mul(g.matMul(x, state), g.matMul(x, state))), [state])
    return [g.sub(state, g.mul(slope, 0.1))]
  })
  const models = {
    served: g.compile({ inputs, outputs: { output } }).bytes,
    trained: g.compile({ outputs: { trained } }).bytes,
  }
  expect(refused(models)).toEqual({})
})

test('the sealed model of the mortgage pod', () => {
  const file = readFileSync(join(inject('pod'), 'build/model.onnx'))
  expect(refused({ sealed: file, loaded: g.compile(g.load(file)).bytes })).toEqual({})
})
