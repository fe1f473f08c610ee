/** Restoring files: a plan that looks and decides, shows itself, and is executed once. */
import { rawFromText } from '../../../base/raw-path.ts';
import type { RestoreEffect, RestorePlan, RestoreRequest } from '../../source.ts';
import { readAvoided } from '../avoided.ts';
import { type FilesOrigin, openSelection } from '../selection.ts';
import { actionOf, reasonsOf } from './decisions.ts';
import { destinationOf } from './destination.ts';
import { Door } from './door.ts';
import { restoreErrors } from './errors.ts';
import { executeSurvey } from './execution.ts';
import { bytesOf, type Survey, type SurveyParts } from './found.ts';
import { Owners, type RestoreHost } from './host.ts';
import type { Removal } from './surplus.ts';
import { surveyDestination } from './survey.ts';

export type { RestoreHost } from './host.ts';

/** Effects that are handed over at once. */
const BATCH = 256;

/**
 * Plans the restore of a component of files. Every node is admitted and compared before anything is changed, so that
 * a forged snapshot or a destination that can't be used ends here.
 */
export async function planFilesRestore(
  request: RestoreRequest & { readonly origin: FilesOrigin },
  host: RestoreHost,
  options: { signal: AbortSignal },
): Promise<RestorePlan> {
  options.signal.throwIfAborted();
  const { origin } = request;
  const parts: SurveyParts = {
    request,
    origin,
    destination: destinationOf(request, origin, host.uid),
    owners: new Owners(host),
    rules: { selection: await openSelection(origin), avoid: readAvoided(request.avoid ?? []) },
    uid: host.uid,
  };
  const survey = await surveyDestination(parts, options);
  let executed = false;
  return {
    counts: survey.counts,
    effects: ({ signal }) => effectsOf(survey, parts, signal),
    async execute(executeOptions) {
      // The plan saw a destination that is no longer there after the first time.
      if (executed) throw new Error('a restore plan is executed once');
      executed = true;
      return await executeSurvey(survey, parts, host, executeOptions);
    },
  };
}

async function* effectsOf(
  survey: Survey,
  parts: SurveyParts,
  signal: AbortSignal,
): AsyncGenerator<readonly RestoreEffect[]> {
  const { reader, component } = parts.request;
  const door = new Door(rawFromText(component));
  let index = 0;
  for await (const batch of reader.nodes({ component, signal })) {
    yield batch.map((node): RestoreEffect => {
      const { path } = door.admit(node);
      const decision = survey.decisions.at(index++);
      if (decision === undefined) throw restoreErrors.RESTORE_SNAPSHOT_CHANGED({ component });
      const [action, reasons] = [actionOf(decision), reasonsOf(decision)];
      return { action, path: parts.destination.shown(path), reasons, bytes: bytesOf(node, decision) };
    });
  }
  const removals = removalsOf(survey);
  for (let from = 0; from < removals.length; from += BATCH) {
    signal.throwIfAborted();
    yield removals.slice(from, from + BATCH).map(({ path }): RestoreEffect => {
      return { action: 'remove', path: parts.destination.shown(path), reasons: [], bytes: 0 };
    });
  }
}

/** All removals, the deepest first. */
function removalsOf({ surplus, inTheWay }: Survey): readonly Removal[] {
  const depth = ({ path }: Removal) => path.split('/').length;
  return [...inTheWay.values(), ...surplus.values()].flat().sort((left, right) => depth(right) - depth(left));
}
