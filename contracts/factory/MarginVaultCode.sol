// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {MarginVault} from "../MarginVault.sol";
import {CodeStore} from "./CodeStore.sol";

/// @title MarginVaultCode
/// @notice Keeps the creation code of {MarginVault}.
contract MarginVaultCode is CodeStore {
    constructor() CodeStore(type(MarginVault).creationCode) {}
}
