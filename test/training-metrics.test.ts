import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tensor } from '@mlpod/contract'
import { dense, fit, logTo, mse, sgd } from '@mlpod/learn'
import { openTrack } from '@mlpod/track'
import { expect, test } from 'vitest'

test('training is told to a run as it goes: the log of `fit` is what a track writes', async () => {
  const pod = mkdtempSync(join(tmpdir(), 'pod-'))
  const track = openTrack(pod)
  try {
    const run = 'a'.repeat(32)
    track.begin({ id: run, experiment: 'training', startTime: Date.now() })
    const x = tensor(
      'float32',
      [8, 1],
      Float32Array.from({ length: 8 }, (_, i) => i / 8),
    )
    const y = tensor(
      'float32',
      [8, 1],
      x.data.map((v) => 3 * v - 1),
    )
    const { history } = await fit({
      network: dense(1),
      loss: mse(),
      optimizer: sgd({ learningRate: 0.5 }),
      data: { x, y },
      validation: { x, y },
      epochs: 3,
      seed: 1,
      callbacks: [
        logTo((key, value, step) => track.write(run, { metrics: [{ key, value, step, timestamp: Date.now() }] })),
      ],
    })
    const told = track.metricHistory(run, 'validation')
    expect(told.map(({ step, value }) => [step, value])).toEqual(
      history.map(({ epoch, validation }) => [epoch, validation]),
    )
    expect((await track.getRun(run)).metrics.loss).toBe(history[2].loss)
  } finally {
    track.close()
    rmSync(pod, { recursive: true, force: true })
  }
})
