// Every scenario of the tables beside this file.
import type { Scenario } from '../../support/scenario.ts';
import { commandLineScenarios } from './command-lines.ts';
import { compilerScenarios } from './compilers.ts';
import { depfileScenarios } from './depfiles.ts';
import { diagnosticScenarios } from './diagnostics.ts';
import { environmentScenarios } from './environment.ts';
import { inputScenarios } from './inputs.ts';
import { optionScenarios } from './options.ts';
import { outputScenarios } from './outputs.ts';
import { troubleScenarios } from './trouble.ts';

export const scenarios: readonly Scenario[] = [
  ...inputScenarios,
  ...depfileScenarios,
  ...optionScenarios,
  ...outputScenarios,
  ...environmentScenarios,
  ...commandLineScenarios,
  ...diagnosticScenarios,
  ...compilerScenarios,
  ...troubleScenarios,
];
