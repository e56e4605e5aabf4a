import { asRowSchema } from 'mlpod/data'
import type { ModelColumn } from 'mlpod/guard'
import { amounts, codes, features, flags, numbers } from './features.ts'
import { Application } from './schema.ts'

const { columns } = asRowSchema(Application)

/** The raw columns of the model with their rules, from the schema; `scales` are standard deviations in the training rows. */
export const modelColumns = (scales: Readonly<Record<string, number>>): readonly ModelColumn[] =>
  features.map((name) => {
    const { type, nullable, min, max, description } = columns[name]
    const isCode = (codes as readonly string[]).includes(name) || (flags as readonly string[]).includes(name)
    const movable = ([...numbers, ...amounts] as readonly string[]).includes(name) && type === 'float'
    return {
      name,
      dtype: 'float32',
      nullable,
      ...(min === undefined ? {} : { minimum: Number(min) }),
      ...(max === undefined ? {} : { maximum: Number(max) }),
      ...(isCode || type === 'int' ? { integer: true } : {}),
      ...(movable ? { scale: scales[name] } : {}),
      ...(description === undefined ? {} : { description }),
    }
  })
