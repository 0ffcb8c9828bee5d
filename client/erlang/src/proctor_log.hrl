%% All that the application logs is under one domain, so that one filter has
%% it: ?LOG_ERROR(Format, Args, ?PROCTOR). Logs name programs, never their
%% arguments, environment or data: see proctor_log.

-include_lib("kernel/include/logger.hrl").

-define(PROCTOR, #{domain => [proctor]}).
