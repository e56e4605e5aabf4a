import { PodError } from '@mlpod/contract'
import { applyOpaque } from './apply.ts'
import type { Differentiable } from './rule.ts'
import { schemaOf } from './schemas/index.ts'
import { capture } from './site.ts'
import { type Attribute, isValue, type Operation, type Value } from './value.ts'

type Inputs = readonly (Value | null)[]
type Attributes = Readonly<Record<string, Attribute>>

/** What is told of an operator: what it computes, or what comes out of it, and how it is differentiated. */
export interface OperatorOptions extends Partial<Differentiable> {
  /** The version of its domain. Default 1. */
  readonly version?: number
  /** How many outputs it has. Default 1. */
  readonly outputs?: number
  /**
   * What it computes, in other operators. A compiled model holds that in its place; without it, the operator stands in the
   * model and runs where the runtime knows it.
   */
  readonly body?: (inputs: readonly Value[], attributes: Attributes) => Value | readonly Value[]
  /** Types and shapes of the outputs, where there is no body. Default: those of the first input. */
  readonly infer?: (inputs: Inputs, attributes: Attributes) => readonly Pick<Value, 'type' | 'shape'>[]
}

/** An operator beside those of this room. */
export interface Definition extends OperatorOptions {
  readonly domain: string
  readonly type: string
}

/** A defined operator: a function from inputs and attributes to outputs. */
export interface DefinedOp {
  (inputs: Inputs, attributes?: Attributes): readonly Value[]
  readonly definition: Definition
}

/**
 * Defines an operator with its own derivative: `vjp` gives a cotangent for each input, `jvp` a tangent for each output
 * (default: the vjp transposed). With a `body` the operator is that computation under a derivative of your choice
 * (a straight-through estimator, a gradient that is clipped); without `vjp` the body is differentiated. Nothing is
 * registered: the operation carries its definition, and `load(model, { operators })` gives it to the nodes of a file.
 * Throws `NAME_TAKEN` for an operator of this room.
 * Source: jax.custom_vjp and jax.custom_jvp, torch.autograd.Function.
 */
export function defineOp(domain: string, type: string, options: OperatorOptions): DefinedOp {
  if (schemaOf(domain, type) !== undefined)
    throw new PodError('NAME_TAKEN', `${type} of the domain "${domain || 'ai.onnx'}" is defined already`, {
      hint: 'give your operator a domain of its own',
    })
  const definition: Definition = { domain, type, ...options }
  const op = (inputs: Inputs, attributes: Attributes = {}): readonly Value[] => {
    const site = capture()
    const { version = 1 } = definition
    const found = signatures(definition, inputs, attributes, [])
    const extras = { outputs: found.length, site, definition }
    return applyOpaque({ type, domain, version }, inputs, attributes, extras, (index) => found[index])
  }
  return Object.assign(op, { definition })
}

/** Returns types and shapes of a defined operator's outputs; `known` are those it had before. */
export function signatures(
  { body, infer, outputs = 1 }: Definition,
  inputs: Inputs,
  attributes: Attributes,
  known: readonly Pick<Value, 'type' | 'shape'>[],
): readonly Pick<Value, 'type' | 'shape'>[] {
  if (body !== undefined) return bodyOf(body, inputs, attributes)
  if (infer !== undefined) return infer(inputs, attributes)
  if (known.length > 0) return known
  const first = inputs.find((value) => value !== null)
  if (first === undefined)
    throw new PodError('INPUT_MISSING', 'an operator without inputs needs `infer` or `body` to tell what comes out', {
      at: capture().at,
    })
  return Array.from({ length: outputs }, () => first)
}

/** Returns what stands for a defined operator in a compiled model, or undefined when it stands for itself. */
export const expansion = ({ definition, inputs, attributes }: Operation): readonly Value[] | undefined =>
  definition?.body && bodyOf(definition.body, inputs, attributes)

/** Returns what an operator's body makes of inputs, as a list. */
export function bodyOf(
  body: NonNullable<OperatorOptions['body']>,
  inputs: Inputs,
  attributes: Attributes,
): readonly Value[] {
  const results = body(inputs as readonly Value[], attributes)
  return isValue(results) ? [results] : results
}
