import { PodError } from '@mlpod/contract'
import { drawsInside } from '../draws.ts'
import { branch } from '../operators/control.ts'
import type { Rule } from '../rule.ts'
import type { control as schemas } from '../schemas/control.ts'
import type { Value } from '../value.ts'
import { iterated } from './iteration.ts'
import { zerosLike } from './shape.ts'

/** Rules of the leaves and of the operators that hold subgraphs. */
export const control: { readonly [O in keyof typeof schemas]: Rule } = {
  Input: 'zero',
  Formal: 'zero',
  Parameter: 'zero',
  // The branch that was taken is differentiated by what it captures, in a new If that computes it again.
  If: {
    vjp: ({ operation, x: [condition], gs, wanted, pullback }) => {
      const { inputs, captures, bodies } = operation
      if (drawsInside(operation))
        throw new PodError('NOT_DIFFERENTIABLE', 'an If that draws random numbers has no derivative', {
          at: operation.meta.site.at,
          because: 'its derivative computes the branch again, and would draw others',
          hint: 'draw before the If, and use in it what was drawn',
        })
      const asked = captures.filter((_, i) => wanted[inputs.length + i])
      const outer = new Set([...captures, ...gs.filter((g) => g !== undefined)])
      const back = (outputs: readonly Value[]): readonly Value[] => {
        const cotangents = pullback(outputs, asked, gs, new Set(captures))
        return asked.map((value, i) => cotangents[i] ?? zerosLike(value))
      }
      const { then_branch, else_branch } = bodies!
      const results = branch(condition, back(then_branch.outputs), back(else_branch.outputs), (value) =>
        outer.has(value),
      )
      return [undefined, ...captures.map((value) => results[asked.indexOf(value)])]
    },
  },
  Loop: { vjp: iterated },
  Scan: { vjp: iterated },
}
