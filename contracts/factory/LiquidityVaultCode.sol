// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {LiquidityVault} from "../LiquidityVault.sol";
import {CodeStore} from "./CodeStore.sol";

/// @title LiquidityVaultCode
/// @notice Keeps the creation code of {LiquidityVault}.
contract LiquidityVaultCode is CodeStore {
    constructor() CodeStore(type(LiquidityVault).creationCode) {}
}
