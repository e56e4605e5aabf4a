import { schemaOf } from './schemas/index.ts'
import type { Operation } from './value.ts'
import { topological } from './walk.ts'

/** Tells whether an operation draws random numbers: computed again, it gives others. */
export const draws = ({ domain, type }: Operation): boolean => schemaOf(domain, type)?.random === true

/** Tells whether an operation of an operation's bodies draws. */
export const drawsInside = ({ bodies = {}, captures }: Operation): boolean =>
  Object.values(bodies).some((body) =>
    topological(body.outputs, new Set([...captures, ...body.inputs])).some(
      (inner) => draws(inner) || drawsInside(inner),
    ),
  )
