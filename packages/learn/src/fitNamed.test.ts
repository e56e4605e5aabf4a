import { compile, concat, input, load, openSession, reshape } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import {
  absoluteError,
  accuracy,
  adam,
  binaryCrossEntropyWithLogits,
  chain,
  clipByGlobalNorm,
  crossEntropy,
  dense,
  dropout,
  loadedNetwork,
  mlp,
  mse,
  type NamedNetwork,
  type NamedRows,
  network,
  sam,
  sequential,
  sgd,
  sophia,
  squaredError,
  withParameters,
} from './index.ts'
import { classes, coded, float, rows, small } from './testData.ts'

const n = rows.x.shape[0]
const column = (from: number, width: number) =>
  float(
    [n, width],
    Array.from({ length: n }, (_, i) => Array.from(rows.x.data.slice(4 * i + from, 4 * i + from + width))).flat(),
  )
const data: NamedRows = {
  inputs: { left: column(0, 2), right: column(2, 2) },
  targets: { sign: rows.y, class: classes(Array.from(rows.y.data)), level: column(1, 1) },
}
/** Two inputs joined, three heads on one body. */
const heads: NamedNetwork = {
  apply({ left, right }, scope) {
    const body = mlp([8], 6)(concat([left, right], { axis: 1 }), scope.at('body'))
    return {
      sign: dense(1)(body, scope.at('sign')),
      class: dense(2)(body, scope.at('class')),
      level: dense(1)(body, scope.at('level')),
    }
  },
}
const named: FitOptions = {
  ...small,
  network: heads,
  data,
  loss: { sign: binaryCrossEntropyWithLogits(), class: crossEntropy(), level: mse() },
  lossWeights: { level: 0.5 },
  metrics: {
    sign: accuracy({ output: 'sign' }),
    class: accuracy({ output: 'class' }),
    far: absoluteError({ output: 'level' }),
  },
  validation: data,
  epochs: 20,
}

test('several inputs, outputs and losses are trained together, and judged each by its own metric', async () => {
  const fitted = await fit(named)
  const last = fitted.history.at(-1)!
  expect(last.validationMetrics!.sign).toBeGreaterThan(0.95)
  expect(last.validationMetrics!.class).toBeGreaterThan(0.95)
  expect(last.validationMetrics!.far).toBeLessThan(0.3)
  const inputs = { left: input('left', 'float32', ['n', 2]), right: input('right', 'float32', ['n', 2]) }
  await using session = await openSession(compile({ inputs, outputs: fitted.outputs(inputs) }))
  const found = await session.run(data.inputs)
  const distance = Array.from(found.level.data as Float32Array, (v, i) =>
    Math.abs(v - (data.targets.level.data as Float32Array)[i]),
  )
  expect(distance.reduce((a, b) => a + b) / n).toBeCloseTo(last.validationMetrics!.far, 4)
})

test('the loss of several is the weighted sum of their own', async () => {
  const part = async (weights: Record<string, number>) =>
    (await fit({ ...named, lossWeights: weights, epochs: 1, batch: n })).history[0]
  const only = (name: string) => part({ sign: 0, class: 0, level: 0, [name]: 1 })
  const [sign, kind, level, all] = await Promise.all([only('sign'), only('class'), only('level'), part({ level: 0.5 })])
  expect(all.loss).toBeCloseTo(sign.loss + kind.loss + 0.5 * level.loss, 5)
})

test('a batch in parts is the whole batch up to rounding: weights, several losses, second gradients', async () => {
  const weights = float(
    [n],
    Array.from({ length: n }, (_, i) => (i % 3) / 2),
  )
  const cases: readonly FitOptions[] = [
    {
      ...named,
      data: { ...data, weights },
      optimizer: chain(clipByGlobalNorm(0.5), sgd({ learningRate: 0.1, momentum: 0.9 })),
    },
    { ...small, data: { ...rows, weights }, optimizer: sgd({ learningRate: 0.5 }) },
    { ...small, optimizer: sam(sgd({ learningRate: 0.1 }), { rho: 0.3 }) },
    { ...small, optimizer: sophia({ learningRate: 0.05, every: 2 }), network: mlp([8], 1, { activation: 'tanh' }) },
    {
      ...small,
      network: sequential(dense(8, { activation: 'tanh' }), dropout(0.3), dense(1)),
      optimizer: sgd({ learningRate: 0.5 }),
    },
    {
      ...small,
      loss: crossEntropy({ classWeights: [1, 3] }),
      network: mlp([4], 2),
      data: { x: rows.x, y: classes(Array.from(rows.y.data)) },
      optimizer: sgd({ learningRate: 0.3 }),
    },
  ]
  for (const [i, options] of cases.entries()) {
    const whole = await fit({ ...options, epochs: 2, batch: 50, validation: undefined, norms: true })
    for (const accumulate of [2, 7]) {
      const parts = await fit({ ...options, epochs: 2, batch: 50, validation: undefined, norms: true, accumulate })
      for (const [path, { data: values }] of Object.entries(whole.parameters))
        values.forEach((value, j) => {
          expect(parts.parameters[path].data[j], `case ${i}, ${accumulate} parts, ${path}`).toBeCloseTo(value, 4)
        })
      expect(parts.history.at(-1)!.loss).toBeCloseTo(whole.history.at(-1)!.loss, 4)
      for (const [name, value] of Object.entries(whole.history.at(-1)!.metrics ?? {}))
        expect(parts.history.at(-1)!.metrics![name]).toBeCloseTo(value, 4)
    }
  }
})

test('metrics and norms are told of each step and epoch, from the same run', async () => {
  const steps: { loss: number; share: number; gradient: number; update: number }[] = []
  const { history } = await fit({
    ...small,
    optimizer: sgd({ learningRate: 0.1 }),
    metrics: { accuracy: accuracy(), squares: squaredError() },
    norms: true,
    epochs: 2,
    onStep: ({ loss, metrics, norms }) =>
      steps.push({ loss, share: metrics.accuracy, gradient: norms!.gradientNorm, update: norms!.updateNorm }),
  })
  expect(steps).toHaveLength(14)
  for (const { gradient, update, share } of steps) {
    expect(update).toBeCloseTo(0.1 * gradient, 5)
    expect(share).toBeGreaterThanOrEqual(0)
    expect(share).toBeLessThanOrEqual(1)
  }
  const second = steps.slice(7)
  const mean = (pick: (step: (typeof steps)[number]) => number) => second.reduce((sum, step) => sum + pick(step), 0) / 7
  expect(history[1].norms!.gradientNorm).toBeCloseTo(
    mean(({ gradient }) => gradient),
    5,
  )
  // the last batch has 11 rows, the others 32
  const weighted = second.reduce((sum, { share }, i) => sum + share * (i === 6 ? 11 : 32), 0) / n
  expect(history[1].metrics!.accuracy).toBeCloseTo(weighted, 5)
})

test('metrics of plain training cost no bit', async () => {
  const plain = await fit(small)
  const judged = await fit({ ...small, metrics: { accuracy: accuracy() } })
  expect(judged.parameters).toEqual(plain.parameters)
})

test('parameters that are not trainable stay to the bit, and are part of the result', async () => {
  const before = network(small.network as never, input('x', 'float32', ['n', 4]), { seed: small.seed }).values
  const { parameters } = await fit({ ...small, trainable: (path) => path.startsWith('1.') })
  expect(parameters['0.weight']).toEqual(before['0.weight'])
  expect(parameters['0.bias']).toEqual(before['0.bias'])
  expect(parameters['1.weight']).not.toEqual(before['1.weight'])
  await expect(fit({ ...small, trainable: () => false })).rejects.toMatchObject(coded('NETWORK_EMPTY'))
})

test('early stopping keeps the k best epochs, and may watch a metric', async () => {
  const { best, history, epoch } = await fit({
    ...small,
    validation: rows,
    metrics: { accuracy: accuracy() },
    epochs: 12,
    earlyStopping: { patience: 20, best: 3, watch: 'accuracy', mode: 'max' },
  })
  const ranked = history.toSorted(
    (a, b) => b.validationMetrics!.accuracy - a.validationMetrics!.accuracy || a.epoch - b.epoch,
  )
  expect(best.map((entry) => entry.epoch)).toEqual(ranked.slice(0, 3).map((record) => record.epoch))
  expect(epoch).toBe(best[0].epoch)
  await expect(
    fit({
      ...small,
      validation: rows,
      earlyStopping: { patience: 1, watch: 'acuracy' },
      metrics: { accuracy: accuracy() },
    }),
  ).rejects.toMatchObject(coded('OPTION_INVALID', /watches "acuracy" \(did you mean "accuracy"\?\)/))
})

test('losses, targets and outputs that do not go together are refused', async () => {
  const given = (more: Partial<FitOptions>) => fit({ ...named, ...more })
  await expect(given({ loss: mse() })).rejects.toMatchObject(coded('LOSS_MISSING', /sign, class, level/))
  await expect(given({ loss: { sign: mse(), class: crossEntropy() } })).rejects.toMatchObject(
    coded('LOSS_MISSING', /"level"/),
  )
  await expect(given({ loss: { ...(named.loss as object), signs: mse() } as never })).rejects.toMatchObject(
    coded('TARGET_MISSING', /"signs" \(did you mean "sign"\?\)/),
  )
  await expect(given({ lossWeights: { levels: 1 } })).rejects.toMatchObject(coded('OPTION_INVALID', /"levels"/))
  await expect(given({ lossWeights: { level: -1 } })).rejects.toMatchObject(coded('OPTION_INVALID', /is -1/))
  await expect(given({ metrics: { a: accuracy({ output: 'sing' }) } })).rejects.toMatchObject(
    coded('OPTION_INVALID', /"sing"/),
  )
  const silent: NamedNetwork = { apply: (inputs, scope) => ({ sign: heads.apply(inputs, scope).sign }) }
  await expect(given({ network: silent })).rejects.toMatchObject(coded('OUTPUT_MISSING', /no output "class"/))
  await expect(given({ network: { apply: () => ({}) } })).rejects.toMatchObject(
    coded('OUTPUT_MISSING', /gives nothing/),
  )
  await expect(given({ network: mlp([2], 1) })).rejects.toMatchObject(coded('INPUT_MISSING', /no input "x"/))
  await expect(given({ validation: { ...data, targets: { sign: rows.y } } })).rejects.toMatchObject(
    coded('SHAPE_MISMATCH', /class is \[203\] in the data and missing in the validation data/),
  )
})

test('a column that is named as an input of the step is refused', async () => {
  const taken: NamedNetwork = { apply: (inputs, scope) => ({ y: dense(1)(inputs['run rows'], scope) }) }
  const given = fit({ ...small, network: taken, data: { inputs: { 'run rows': rows.x }, targets: { y: rows.y } } })
  await expect(given).rejects.toMatchObject(coded('NAME_TAKEN', /"run rows"/))
  // an input and a target of one name are told apart
  const same: NamedNetwork = { apply: ({ a }, scope) => ({ a: dense(1)(a, scope) }) }
  const { history } = await fit({
    ...small,
    network: same,
    data: { inputs: { a: rows.x }, targets: { a: rows.y } },
    epochs: 1,
  })
  expect(history).toHaveLength(1)
})

test('a loaded model is trained further under its own names, and written again as the same graph', async () => {
  const first = await fit({ ...small, epochs: 2 })
  const x = input('features', 'float32', ['n', 4])
  const file = compile({ inputs: [x], outputs: { logit: first.apply(x) }, metadata: { note: 'kept' } })
  const loaded = load(file)
  expect(Object.keys(loaded.parameters)).toEqual(['0.weight', '0.bias', '1.weight', '1.bias'])
  const tuned = await fit({
    ...small,
    network: loadedNetwork(loaded),
    optimizer: adam({ learningRate: 0.05 }),
    epochs: 3,
  })
  expect(Object.keys(tuned.parameters)).toEqual(Object.keys(loaded.parameters))
  // as if training had gone on with those parameters
  const same = await fit({ ...small, parameters: first.parameters, optimizer: adam({ learningRate: 0.05 }), epochs: 3 })
  expect(tuned.parameters).toEqual(same.parameters)
  const written = withParameters(loaded, tuned.parameters)
  const again = load(written)
  expect(written.inputs).toEqual(file.inputs)
  expect(written.metadata).toEqual({ note: 'kept' })
  expect(withParameters(loaded, {}).bytes).toEqual(withParameters(load(withParameters(loaded, {})), {}).bytes)
  for (const [name, value] of Object.entries(again.parameters))
    expect(value.operation.attributes.value).toEqual({ kind: 'tensor', value: tuned.parameters[name] })
  await using session = await openSession(written)
  const { logit } = await session.run({ features: rows.x })
  const right = Array.from(logit.data as Float32Array).filter((z, i) => z > 0 === (rows.y.data[i] === 1)).length
  expect(right / n).toBeGreaterThan(0.9)
  const head = await fit({
    ...small,
    network: loadedNetwork(loaded, { inputs: { x: 'features' }, outputs: { y: 'logit' } }),
    trainable: (path) => path.startsWith('1.'),
    epochs: 1,
  })
  expect(head.parameters['0.weight']).toEqual(first.parameters['0.weight'])
  expect(() => loadedNetwork(loaded, { inputs: { x: 'feature' } })).toThrow(
    expect.objectContaining(coded('INPUT_UNKNOWN', /did you mean "features"/)),
  )
  expect(() => loadedNetwork(loaded, { outputs: { y: 'logits' } })).toThrow(
    expect.objectContaining(coded('OUTPUT_UNKNOWN')),
  )
  expect(() => withParameters(loaded, { '2.weight': rows.x })).toThrow(
    expect.objectContaining(coded('PARAMETER_UNKNOWN')),
  )
  expect(() => withParameters(loaded, { '1.bias': rows.x })).toThrow(expect.objectContaining(coded('SHAPE_MISMATCH')))
  const bare = load(compile({ inputs: [x], outputs: { flat: reshape(x, [-1]) } }))
  expect(() => loadedNetwork(bare)).toThrow(expect.objectContaining(coded('NETWORK_EMPTY')))
})
