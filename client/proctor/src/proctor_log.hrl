%% What is logged here can be told apart by its domain. It names programs, never
%% their arguments or environment.

-include_lib("kernel/include/logger.hrl").

-define(TELL(Level, Report), ?LOG(Level, Report, #{domain => [proctor]})).
-define(TELL(Level, Format, Args),
        ?LOG(Level, Format, Args, #{domain => [proctor]})).
