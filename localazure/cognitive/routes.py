"""The route table of Microsoft.CognitiveServices and of the Language endpoint."""

from localazure import private_links
from localazure.cognitive import (
    accounts,
    calls,
    catalog,
    children,
    deleted,
    language,
    models,
    settling,
    translator,
)
from localazure.routes import Handler, Route
from localazure.web import Host

_PROVIDER = "Microsoft.CognitiveServices"
_SUBSCRIPTION = f"/subscriptions/{{subscription}}/providers/{_PROVIDER}"
_LOCATION = f"{_SUBSCRIPTION}/locations/{{location}}"
_DELETED = f"{_LOCATION}/resourceGroups/{{group}}/deletedAccounts/{{account}}"
_PROJECT = f"{language.PATH}/{{project}}"
_MADE_UP = "all of it: Azure's answer was never recorded"
_KEYS = "the keys themselves: the shape is the specification's"
_POLLED = "the form for Location, the refusal of a changed signature"
_OFFERS = "the rows: the shape is that of the specification's examples"
_SKUS = "checkSkuAvailability"
_CHECK, _GONE = "checkDomainAvailability", "locations/resourceGroups/deletedAccounts"
_SCOPES = f"{models.TEMPLATE}/encryptionScopes"
_PAGES = "how many are on a page, and in which order"


def _arm(method: str, template: str, permission: str, handler: Handler, assumed: str = "") -> Route:
    return Route(method, Host.ARM, template, f"{_PROVIDER}/{permission}", handler, assumed)


def _language(method: str, template: str, handler: Handler) -> Route:
    return Route(method, Host.LANGUAGE, template, "", handler, _MADE_UP)


ROUTES: tuple[Route, ...] = (
    *accounts.ACCOUNTS.routes(),
    _arm("POST", f"{models.TEMPLATE}/listKeys", "accounts/listKeys/action", accounts.list_keys, _KEYS),
    _arm(
        "POST", f"{models.TEMPLATE}/regenerateKey", "accounts/regenerateKey/action", accounts.new_key, _KEYS
    ),
    _arm("GET", f"{models.TEMPLATE}/skus", "accounts/skus/read", catalog.list_account_skus, _OFFERS),
    _arm("GET", f"{models.TEMPLATE}/usages", "accounts/usages/read", catalog.list_account_usages, _OFFERS),
    _arm("GET", f"{models.TEMPLATE}/models", "accounts/models/read", catalog.list_account_models, _OFFERS),
    _arm("GET", f"{_SUBSCRIPTION}/skus", "skus/read", catalog.list_skus, _OFFERS),
    _arm("GET", f"{_LOCATION}/usages", "locations/usages/read", catalog.list_usages, _OFFERS),
    _arm("GET", f"{_LOCATION}/models", "locations/models/read", catalog.list_models, _OFFERS),
    _arm("POST", f"{_LOCATION}/{_SKUS}", f"locations/{_SKUS}/action", catalog.check_skus, _OFFERS),
    _arm("POST", f"{_SUBSCRIPTION}/{_CHECK}", f"{_CHECK}/action", accounts.check_domain, _MADE_UP),
    _arm("GET", f"{_SUBSCRIPTION}/deletedAccounts", "deletedAccounts/read", deleted.list_all, _PAGES),
    _arm("GET", _DELETED, f"{_GONE}/read", deleted.get, "the refusal of an absent one"),
    _arm("DELETE", _DELETED, f"{_GONE}/delete", deleted.purge_account, "the account is gone at once"),
    _arm("GET", _SCOPES, "accounts/encryptionScopes/read", accounts.no_scopes),
    _arm("PUT", f"{_SCOPES}/{{scope}}", "accounts/encryptionScopes/write", accounts.refuse_scope),
    *(route for type in (*children.TYPES, *children.CONNECTIONS, *children.HOSTS) for route in type.routes()),
    *private_links.routes(models.TEMPLATE, models.required),
    # Any client that has the address may poll it: the role that wrote may end at a resource group.
    Route("GET", Host.ARM, f"{_LOCATION}/operationResults/{{operation}}", "", settling.result, _POLLED),
    _language("POST", "/language/:analyze-text", calls.analyze_text),
    _language("GET", "/openai/models", calls.list_models),
    _language("GET", translator.DOCUMENTS, translator.list_documents),
    _language("POST", f"{translator.DOCUMENTS}/import", translator.import_document),
    _language("GET", language.PATH, language.list_projects),
    _language("GET", f"{language.PATH}/global/deletion-jobs/{{job}}", language.deletion_job),
    _language("PATCH", _PROJECT, language.create_project),
    _language("GET", _PROJECT, language.get_project),
    _language("DELETE", _PROJECT, language.delete_project),
)
