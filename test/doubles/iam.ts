/**
 * IAM and STS on a socket: the answers are those of AWS's public API reference, with the values that a test gives. It
 * stands in for what no free server has; what AWS itself decides is not tested by it.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface IamState {
  /** of who is asking, or of whoever has these keys */
  readonly arn: string | ((keyId: string) => string);
  readonly keys: readonly { readonly id: string; readonly created: string; readonly status: string }[];
  /** every other action is denied */
  readonly allowed: readonly string[];
  /** actions of the API that are refused with AccessDenied */
  readonly refused?: readonly string[];
}

export interface Iam {
  readonly endpoint: string;
  /** what was asked, as its parameters */
  readonly asked: readonly Readonly<Record<string, string>>[];
  stop(): Promise<void>;
}

export async function startIam(state: IamState): Promise<Iam> {
  const asked: Record<string, string>[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const parameters = Object.fromEntries(new URLSearchParams(body));
    const keyId = /Credential=([^/]+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    asked.push(parameters);
    const action = parameters.Action ?? '';
    const refused = state.refused?.includes(action) === true;
    response.writeHead(refused ? 403 : 200, { 'content-type': 'text/xml' });
    response.end(refused ? denied : answers[action]?.({ ...state, arn: arnOf(state, keyId) }, parameters));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function arnOf({ arn }: IamState, keyId: string): string {
  return typeof arn === 'string' ? arn : arn(keyId);
}

const denied = `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>
<Code>AccessDenied</Code><Message>User is not authorized to perform this</Message></Error>
<RequestId>0</RequestId></ErrorResponse>`;

const answers: Readonly<
  Record<
    string,
    (state: IamState & { readonly arn: string }, parameters: Readonly<Record<string, string>>) => string
  >
> = {
  GetCallerIdentity: ({ arn }) =>
    `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>${arn}</Arn><UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>`,
  ListAccessKeys: ({ keys }, { UserName }) =>
    `<ListAccessKeysResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListAccessKeysResult>
<UserName>${UserName}</UserName><AccessKeyMetadata>${keys
      .map(
        ({ id, created, status }) =>
          `<member><UserName>${UserName}</UserName><AccessKeyId>${id}</AccessKeyId><Status>${status}</Status>
<CreateDate>${created}</CreateDate></member>`,
      )
      .join('')}</AccessKeyMetadata><IsTruncated>false</IsTruncated></ListAccessKeysResult>
<ResponseMetadata><RequestId>2</RequestId></ResponseMetadata></ListAccessKeysResponse>`,
  SimulatePrincipalPolicy: ({ allowed }, parameters) => {
    const actions = Object.entries(parameters).filter(([name]) => name.startsWith('ActionNames.'));
    const members = actions.map(
      ([, action]) => `<member><EvalActionName>${action}</EvalActionName>
<EvalResourceName>*</EvalResourceName><EvalDecision>${allowed.includes(action) ? 'allowed' : 'implicitDeny'}</EvalDecision></member>`,
    );
    return `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
<SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>${members.join('')}</EvaluationResults>
</SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>3</RequestId></ResponseMetadata>
</SimulatePrincipalPolicyResponse>`;
  },
};
