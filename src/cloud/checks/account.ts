/** Checks of who we are at AWS: how old the keys are, and whether they may do more than uploading needs. */
import type { Posture } from '../posture.ts';
import { type Check, check, finding } from './check.ts';

const DAY = 86_400_000;
/** Days after which an access key is replaced. */
const OLDEST = 90;

export function checkKeys({ keys }: Posture, now: number): Check {
  return check('access-keys', keys, (all) =>
    all
      .filter(({ active, created }) => active && now - created > OLDEST * DAY)
      .map(({ id, created }) =>
        finding('key-old', { key: id, days: Math.floor((now - created) / DAY), most: OLDEST }),
      ),
  );
}

export function checkRights({ rights }: Posture): Check {
  return check('own-rights', rights, (actions) =>
    actions.length === 0 ? [] : [finding('rights-too-many', { actions })],
  );
}
