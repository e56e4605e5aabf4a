export { type EvidentlyEntry, evidentlyNames } from './evidentlyNames.ts'
export { type PresetName, type PresetOptions, type PresetResult, preset, presets } from './preset.ts'
