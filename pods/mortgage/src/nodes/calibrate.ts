import { node } from 'mlpod'
import { compile, load } from 'mlpod/graph'
import { score } from 'mlpod/learn'
import { fitTemperature, temperedSoftmax } from 'mlpod/uncertainty'
import { catalog } from '../catalog.ts'
import { labelsOf } from '../labels.ts'

/** Scales the logits so that probabilities mean what they say, on the validation rows. */
export const calibrate = node({
  name: 'calibrate',
  inputs: { fitted: catalog.fitted, validation: catalog.validation },
  outputs: { calibrated: catalog.calibrated, temperature: catalog.temperature },
  run: async ({ fitted, validation }, { log }) => {
    const { logits } = await score(fitted, validation, { outputs: ['logits'] })
    const temperature = fitTemperature(logits.data as Float32Array, await labelsOf(validation))
    log('temperature', temperature)
    const { inputs, outputs } = load(fitted)
    return {
      temperature,
      calibrated: compile({
        inputs,
        outputs: { ...outputs, probability: temperedSoftmax(outputs.logits, temperature) },
      }),
    }
  },
})
