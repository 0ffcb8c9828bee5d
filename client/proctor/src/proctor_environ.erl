%% @doc The node's environment, where a command is to have it as it is now (the
%% word `now' of the option `env'). The port program got a copy when it was
%% started, and its children have that; so what is sent is what has changed
%% since. Nothing tells of a change: each run looks at all of the environment.
%% Where that copy is not what children begin with, or is not known, all of it
%% is sent.
%%
%% It goes as the bytes that `open_port/2' would make of it. A variable that has
%% not changed is not sent, which is the only way to hand on one that is no text
%% in the encoding of this node.
-module(proctor_environ).

-export([new/0, opened/1, lent/3, put/1, request/2]).

-export_type([environ/0]).

-define(TABLE, ?MODULE).

-type environ() :: binary() | unknown.
%% What the port program was started with: the external term of what `os:env/0'
%% said, which is found and compared without being copied.

%% @doc Makes the caller the owner of what is known of instances. Without one
%% nothing is.
-spec new() -> ok.
new() ->
    ?TABLE = ets:new(?TABLE, [named_table, public, {read_concurrency, true}]),
    ok.

%% @doc Opens a port, and says with what environment. If somebody changes that
%% meanwhile it is not known.
-spec opened(fun(() -> Port)) -> {Port, environ()}.
opened(Open) ->
    Before = current(),
    Port = Open(),
    case current() of
        Before -> {Port, Before};
        _ -> {Port, unknown}
    end.

current() ->
    external(os:env()).

%% Making it takes as long as reading the environment; that of the last instance
%% is remembered.
external(Now) ->
    case persistent_term:get(?MODULE, none) of
        {Now, Known} -> Known;
        _ -> term_to_binary(Now)
    end.

%% @doc What the children of a port program that says this of itself, and was
%% started like this, begin with. One with other rights than its starter's has
%% users and rules, and an environment of its own is not this node's.
-spec lent(map(), proctor_start_options:start(), environ()) -> environ().
lent(#{mode := plain}, #{env := []}, Environ) -> Environ;
lent(#{mode := root, user := <<"root">>}, #{env := []}, Environ) -> Environ;
lent(_Hello, _Start, _Environ) -> unknown.

%% @doc What children of the caller, an instance, begin with. What is known of
%% instances that are no more is forgotten.
-spec put(environ()) -> ok.
put(Environ) ->
    try
        _ = [ets:delete(?TABLE, Server)
             || {Server, _} <- ets:tab2list(?TABLE),
                not is_process_alive(Server)],
        true = ets:insert(?TABLE, {self(), Environ}),
        remember(Environ)
    catch
        error:badarg -> ok
    end.

%% It changes seldom: to replace one costs a look into each process.
remember(unknown) -> ok;
remember(Environ) ->
    persistent_term:put(?MODULE, {binary_to_term(Environ), Environ}).

%% @doc The request with what `now' stands for, and the instance that is to have
%% it: no other one of that name, which began with something else. Another node,
%% and another user, have an environment of their own.
-spec request(proctor_server:ref(), proctor_server:run()) ->
    {proctor_server:ref(), proctor_server:run()}.
request(Server, {run, Command, Options} = Request) ->
    case lists:keyfind(env, 1, Options) of
        {env, [now | Given]} ->
            {Instance, Vars} =
                case lists:keymember(user, 1, Options) of
                    true -> {Server, []};
                    false -> vars(Server)
                end,
            {Instance, {run, Command, with(Vars ++ Given, Options)}};
        _ ->
            {Server, Request}
    end;
request(Server, Request) ->
    {Server, Request}.

with([], Options) -> lists:keydelete(env, 1, Options);
with(Vars, Options) -> lists:keyreplace(env, 1, Options, {env, Vars}).

vars({_, Node} = Server) when Node =/= node() ->
    {Server, []};
vars(Server) when is_pid(Server), node(Server) =/= node() ->
    {Server, []};
vars({Name, _}) ->
    vars(Name);
vars(Name) when is_atom(Name) ->
    case whereis(Name) of
        undefined -> {Name, all()};
        Server -> vars(Server)
    end;
vars(Server) ->
    Now = os:env(),
    {Server, changes(Now, external(Now), known(Server))}.

known(Server) ->
    try
        ets:lookup_element(?TABLE, Server, 2)
    catch
        error:badarg -> unknown
    end.

changes(_Now, Same, Same) ->
    [];
changes(_Now, _, unknown) ->
    all();
changes(Now, _, Known) ->
    Before = binary_to_term(Known),
    [text(Var) || Var <- Now -- Before]
        ++ [{bytes(Name), false} || {Name, _} <- Before,
                                    not lists:keymember(Name, 1, Now)].

all() ->
    [clear | [text(Var) || Var <- os:env()]].

text({Name, Value}) ->
    bytes(Name ++ [$= | Value]).

bytes(Text) ->
    {ok, Bytes} = proctor_text:name(Text),
    Bytes.
