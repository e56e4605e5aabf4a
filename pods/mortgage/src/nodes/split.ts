import { node, param } from 'mlpod'
import { hashSplit } from 'mlpod/data'
import { catalog } from '../catalog.ts'

/** Parts the applications by a hash of each row: disjoint, and a row stays in its part when others are added. */
export const split = node({
  name: 'split',
  inputs: { applications: catalog.applications, seed: param('seed', 0) },
  outputs: {
    train: catalog.train,
    validation: catalog.validation,
    calibration: catalog.calibration,
    test: catalog.test,
  },
  run: ({ applications, seed }) =>
    hashSplit(applications, { seed, shares: { train: 0.4, validation: 0.1, calibration: 0.15, test: 0.35 } }),
})
