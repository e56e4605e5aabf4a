import { verification } from 'mlpod'
import promises from '../../promises.ts'
import { catalog } from '../catalog.ts'

/** Measures every promise on the packed model, and judges them together. */
export const verify = verification({ promises, evidence: catalog.evidence, volatile: catalog.machine })
