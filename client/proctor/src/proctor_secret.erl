%% @doc Hides a term from reports. A supervisor writes the arguments of its
%% children into whatever it reports, and so does anybody who prints its state;
%% of a function they print the name. This is no protection against who asks
%% for what is in a function.
%%
%% These functions stay in the states of supervisors, also when a new version
%% of this module is loaded, and are called then: so it must never change.
-module(proctor_secret).

-export([hide/1, show/1]).

-export_type([secret/1]).

-type secret(Term) :: fun(() -> Term).

%% @doc Something that says nothing when it is printed.
-spec hide(Term) -> secret(Term).
hide(Term) ->
    fun() -> Term end.

%% @doc What was hidden.
-spec show(secret(Term)) -> Term.
show(Secret) ->
    Secret().
