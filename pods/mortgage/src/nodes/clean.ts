import { node } from 'mlpod'
import { catalog } from '../catalog.ts'

/** Leaves out what restates or follows the decision, and says the applicant's group in one column, for audits. */
export const clean = node({
  name: 'clean',
  inputs: { loans: catalog.loans },
  outputs: { applications: catalog.applications },
  run: ({ loans }) => ({
    applications: loans
      .derive({
        race: ({ cond, eq, literal }) =>
          cond(eq('black', 1), literal('black'), cond(eq('hispan', 1), literal('hispanic'), literal('white'))),
      })
      .omit('action', 'reject', 'typur', 'inson', 'review', 'msa', 'black', 'hispan', 'white'),
  }),
})
