%% @doc Owns the tables that every process of the application reads and writes,
%% and does nothing else, so that nothing ends it: whose processes are
%% ({@link proctor_owner}), where the node is ({@link proctor_place}), with what
%% environment instances began ({@link proctor_environ}), how daemons have ended
%% ({@link proctor_restarts}), and which tasks there are
%% ({@link proctor_task_ref}). The supervisor of the
%% application starts it, or the first instance that stands alone. If it is
%% killed, who monitors it puts into the new tables what was in the old; how
%% often daemons were started again is counted anew.
-module(proctor_tables).
-behaviour(gen_server).

-export([start_link/0, ensure/0]).
-export([init/1, handle_call/3, handle_cast/2]).

%% @doc Starts it, unless an instance outside the application did.
-spec start_link() -> {ok, pid()} | ignore | {error, term()}.
start_link() ->
    case gen_server:start_link({local, ?MODULE}, ?MODULE, [], []) of
        {error, {already_started, _}} -> ignore;
        Result -> Result
    end.

%% @doc Starts it if it is not there, and monitors it.
-spec ensure() -> reference().
ensure() ->
    _ = is_pid(whereis(?MODULE))
        orelse gen_server:start({local, ?MODULE}, ?MODULE, [], []),
    monitor(process, ?MODULE).

%% @private
-spec init([]) -> {ok, none}.
init([]) ->
    ok = proctor_owner:new(),
    ok = proctor_place:new(),
    ok = proctor_environ:new(),
    ok = proctor_restarts:new(),
    ok = proctor_task_ref:new(),
    {ok, none}.

%% @private
-spec handle_call(term(), gen_server:from(), none) ->
    {reply, {error, badarg}, none}.
handle_call(_Request, _From, State) ->
    {reply, {error, badarg}, State}.

%% @private
-spec handle_cast(term(), none) -> {noreply, none}.
handle_cast(_Message, State) ->
    {noreply, State}.
