import { add } from '@mlpod/graph'
import type { ActivationName } from './activations.ts'
import type { Layer } from './layer.ts'
import { dense } from './linear.ts'
import { dropout } from './regularization.ts'

/** Returns the layers one after the other; parameters are named by position, as `0.weight`. */
export const sequential =
  (...layers: readonly Layer[]): Layer =>
  (x, scope) =>
    layers.reduce((value, layer, i) => layer(value, scope.at(String(i))), x)

/** Returns x plus what a layer makes of it. Source: He et al. (2016). */
export const residual =
  (layer: Layer, shortcut: Layer = (x) => x): Layer =>
  (x, scope) =>
    add(layer(x, scope.at('layer')), shortcut(x, scope.at('shortcut')))

/** Returns a dense network: hidden layers of these sizes with an activation (and dropout), then `outputs` units. */
export const mlp = (
  hidden: readonly number[],
  outputs: number,
  {
    activation: name = 'relu',
    dropout: rate = 0,
  }: { readonly activation?: ActivationName; readonly dropout?: number } = {},
): Layer =>
  sequential(
    ...hidden.flatMap((units) => [dense(units, { activation: name }), ...(rate > 0 ? [dropout(rate)] : [])]),
    dense(outputs),
  )
