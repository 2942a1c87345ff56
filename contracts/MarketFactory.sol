// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {ICodeStore} from "./interfaces/ICodeStore.sol";
import {ICommonErrors} from "./interfaces/ICommonErrors.sol";
import {IMarketCharter} from "./interfaces/IMarketCharter.sol";
import {IMarketFactory, MarketAddresses} from "./interfaces/IMarketFactory.sol";
import {TokenScale} from "./libraries/TokenScale.sol";
import {MarketParameters} from "./types/MarketParameters.sol";

/// @title MarketFactory
/// @notice Creates markets for anybody and vouches for none.
///
/// @dev The code of a market's contracts does not fit into this one. That of the three that every trade runs lies in code
/// stores, whose hashes are fixed here, and takes no constructor arguments, so that all addresses are known before any of
/// them exists. The two that trades do not run are clones: five of the first kind cost more gas than a transaction may.
contract MarketFactory is IMarketFactory, ICommonErrors {
    /// @dev Odd, so that a token that counts in shares of something rounds [token].
    uint256 private constant _PROBE_AMOUNT = 10_007;

    ICodeStore private immutable _marginVaultCode;
    ICodeStore private immutable _liquidityVaultCode;
    ICodeStore private immutable _orderBookCode;
    address private immutable _charterImplementation;
    address private immutable _mandateBookImplementation;

    mapping(uint256 marketId => MarketAddresses addresses) private _markets;
    mapping(uint256 marketId => MarketParameters parameters) private _parameters;
    /// @inheritdoc IMarketFactory
    uint256 public marketCount;
    bool private transient _deploying;

    constructor(
        address marginVaultCode,
        address liquidityVaultCode,
        address orderBookCode,
        address charterImplementation,
        address mandateBookImplementation
    ) {
        _marginVaultCode = ICodeStore(marginVaultCode);
        _liquidityVaultCode = ICodeStore(liquidityVaultCode);
        _orderBookCode = ICodeStore(orderBookCode);
        _charterImplementation = charterImplementation;
        _mandateBookImplementation = mandateBookImplementation;
    }

    /// @inheritdoc IMarketFactory
    function createMarket(
        MarketParameters calldata parameters
    ) external returns (uint256 marketId, MarketAddresses memory addresses) {
        require(!_deploying, MarketLocked());
        _deploying = true;
        _probe(IERC20(parameters.collateralToken));
        marketId = ++marketCount;
        bytes32 salt = bytes32(marketId);
        addresses.marginVault = Create2.computeAddress(salt, _marginVaultCode.codeHash());
        addresses.liquidityVault = Create2.computeAddress(salt, _liquidityVaultCode.codeHash());
        addresses.orderBook = Create2.computeAddress(salt, _orderBookCode.codeHash());
        addresses.charter = Clones.predictDeterministicAddress(_charterImplementation, salt);
        bytes memory parts = _mandateBookParts(addresses, parameters.collateralToken);
        addresses.mandateBook = Clones.cloneDeterministicWithImmutableArgs(_mandateBookImplementation, parts, salt);
        _markets[marketId] = addresses;
        _parameters[marketId] = parameters;

        // First, because it holds the parameters against their bounds.
        IMarketCharter(Clones.cloneDeterministic(_charterImplementation, salt)).initialize();
        Create2.deploy(0, salt, _marginVaultCode.code());
        Create2.deploy(0, salt, _liquidityVaultCode.code());
        Create2.deploy(0, salt, _orderBookCode.code());

        _deploying = false;
        emit MarketCreated(
            marketId,
            msg.sender,
            addresses.marginVault,
            addresses.liquidityVault,
            addresses.orderBook,
            addresses.charter,
            addresses.mandateBook,
            parameters
        );
    }

    /// @inheritdoc IMarketFactory
    function deployment() external view returns (MarketParameters memory parameters, MarketAddresses memory addresses) {
        require(_deploying, NoDeploymentUnderWay());
        return (_parameters[marketCount], _markets[marketCount]);
    }

    /// @inheritdoc IMarketFactory
    function marketOf(uint256 marketId) external view returns (MarketAddresses memory addresses) {
        addresses = _markets[marketId];
        require(addresses.marginVault != address(0), MarketNotFound(marketId));
    }

    /// @inheritdoc IMarketFactory
    function parametersOf(uint256 marketId) external view returns (MarketParameters memory) {
        require(marketId != 0 && marketId <= marketCount, MarketNotFound(marketId));
        return _parameters[marketId];
    }

    /// @dev Moves an odd amount of the creator's tokens here and back, so that a token with a fee on transfer, or one
    /// whose balances are not what was sent, is refused before anybody trades in it.
    function _probe(IERC20 token) private {
        uint256 sent = _PROBE_AMOUNT;
        uint256 before = token.balanceOf(address(this));
        uint256 creatorBefore = token.balanceOf(msg.sender);
        SafeERC20.safeTransferFrom(token, msg.sender, address(this), sent);
        uint256 received = token.balanceOf(address(this)) - before;
        require(received == sent, TokenTransferMismatch(sent, received));
        SafeERC20.safeTransfer(token, msg.sender, sent);
        uint256 returned = token.balanceOf(msg.sender);
        require(returned == creatorBefore, TokenTransferMismatch(creatorBefore, returned));
    }

    /// @dev As {MandateBook} reads them.
    function _mandateBookParts(MarketAddresses memory addresses, address token) private view returns (bytes memory) {
        uint256 scale = TokenScale.scaleOf(IERC20Metadata(token).decimals());
        return abi.encode(addresses.marginVault, addresses.orderBook, addresses.charter, token, scale);
    }
}
